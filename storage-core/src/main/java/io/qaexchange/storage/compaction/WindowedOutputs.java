package io.qaexchange.storage.compaction;

import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.EventTime;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;

/**
 * Writes sorted entries into a file per window of event time. A bounded number of windows is open at once; entries of further ones, keys
 * without a time, and range deletions go into files of level 0. One thread.
 */
public final class WindowedOutputs implements AutoCloseable {
    private final SstableOutputs.Target target;
    private final FamilyOptions options;
    private final int maxWindows;
    private final Map<Long, SstableOutputs> windows = new TreeMap<>();
    private final SstableOutputs rest;

    /**
     * @param maxWindows written at once; each takes a write buffer
     * @param tombstones range deletions that the outputs must carry
     */
    public WindowedOutputs(SstableOutputs.Target target, FamilyOptions options, int maxWindows, RangeTombstoneList tombstones) {
        this.target = target;
        this.options = options;
        this.maxWindows = maxWindows;
        rest = new SstableOutputs(target, options, 0, Long.MAX_VALUE, tombstones);
    }

    public void add(Slice key, long trailer, Slice value) throws IOException {
        outputs(key).add(key, trailer, value);
    }

    private SstableOutputs outputs(Slice key) {
        if (!EventTime.isPresent(key.length(), options.eventTimeFromEnd())) {
            return rest;
        }
        long window = Math.floorDiv(DropWatermarkIndex.eventTime(key, options.eventTimeFromEnd()), options.windowNanos());
        SstableOutputs own = windows.get(window);
        if (own == null && windows.size() < maxWindows) {
            own = new SstableOutputs(target, options, 1, options.fileBytes(), RangeTombstoneList.EMPTY);
            windows.put(window, own);
        }
        return own != null ? own : rest;
    }

    /** Adds the files to an edit. They are synced, their names are not. */
    public void finish(VersionEdit edit, int family, LongSupplier referenceIds) throws IOException {
        for (SstableOutputs.Output output : rest.finish()) {
            edit.add(FileReference.whole(referenceIds.getAsLong(), output.fileNumber(), family, 0, 0, output.table()));
        }
        for (Map.Entry<Long, SstableOutputs> window : windows.entrySet()) {
            for (SstableOutputs.Output output : window.getValue().finish()) {
                edit.add(FileReference.whole(referenceIds.getAsLong(), output.fileNumber(), family, 1, window.getKey(), output.table()));
            }
        }
    }

    public long bytes() {
        long bytes = rest.bytes();
        for (SstableOutputs outputs : windows.values()) {
            bytes += outputs.bytes();
        }
        return bytes;
    }

    @Override
    public void close() throws IOException {
        try (rest) {
            IOException failure = null;
            for (SstableOutputs outputs : windows.values()) {
                try {
                    outputs.close();
                } catch (IOException e) {
                    if (failure == null) {
                        failure = e;
                    } else {
                        failure.addSuppressed(e);
                    }
                }
            }
            if (failure != null) {
                throw failure;
            }
        }
    }
}
