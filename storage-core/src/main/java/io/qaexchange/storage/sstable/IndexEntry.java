package io.qaexchange.storage.sstable;

/**
 * The entry of one block in an index, as the writer hands it around. Immutable.
 *
 * @param separator with {@code separatorTrailer} an internal key that is at or after the last of the block and before the first of the
 *     next one
 * @param ordinal number of the block in the file, data and index blocks counted together
 * @param entries in the block, or below it
 * @param bytes of data blocks, frames included
 * @param minTime smallest event time in it; see {@link EventTime} for unknown ones
 */
record IndexEntry(byte[] separator, long separatorTrailer, BlockHandle handle, int ordinal, long entries, long bytes, int compression,
        int layout, long minTime, long maxTime) {}
