package io.qaexchange.storage.sstable;

import io.qaexchange.storage.memory.Slice;

/**
 * Description of one block for tools. Immutable.
 *
 * @param kind data, index, filter, range-tombstones or properties
 * @param level of an index block, 0 above the data; 0 for others
 * @param compression name; NONE where the block was not worth compressing
 * @param layout fixed or prefix for data blocks, else empty
 * @param entries in a data block or below an index block
 * @param separator user key at or after the last of the block; empty for others than data and index blocks
 */
public record BlockInfo(String kind, int level, BlockHandle handle, String compression, String layout, long entries, byte[] separator,
        long minEventTime, long maxEventTime) {
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append("offset=").append(handle.offset()).append(" size=").append(handle.size()).append(" kind=").append(kind);
        if (kind.equals("index")) {
            text.append(" level=").append(level);
        }
        if (!layout.isEmpty()) {
            text.append(" layout=").append(layout).append(" compression=").append(compression);
        }
        if (!layout.isEmpty() || kind.equals("index")) {
            text.append(" entries=").append(entries).append(" separator=").append(Slice.printable(separator));
        }
        if (minEventTime != EventTime.UNKNOWN_MIN || maxEventTime != EventTime.UNKNOWN_MAX) {
            text.append(" event-times=").append(minEventTime).append("..").append(maxEventTime);
        }
        return text.toString();
    }
}
