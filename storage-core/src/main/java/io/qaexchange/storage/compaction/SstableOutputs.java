package io.qaexchange.storage.compaction;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.memory.MemoryPool;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.SstableMetadata;
import io.qaexchange.storage.sstable.SstableOptions;
import io.qaexchange.storage.sstable.SstableWriter;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;

/**
 * Writes sorted entries into one sstable after another. A file ends when it is large enough and the next entry has another key, so
 * files are disjoint; range deletions are cut at the borders. One thread.
 */
public final class SstableOutputs implements AutoCloseable {
    /** A finished file. */
    public record Output(long fileNumber, SstableMetadata table) {}

    /**
     * Where files go and what they are called.
     *
     * @param pool has the memory for writing them
     * @param helpers threads that compress blocks meanwhile; null: none
     */
    public record Target(Vfs vfs, Path directory, LongSupplier fileNumbers, MemoryPool pool, Executor helpers) {}

    private static final int LEAST_BLOCK_BYTES = 64;

    private final Target target;
    private final FamilyOptions options;
    private final int level;
    private final long fileBytes;
    private final RangeTombstoneList tombstones;
    private final List<Output> finished = new ArrayList<>();
    private SstableWriter writer;
    private long writerNumber;
    private byte[] border = new byte[0];

    /**
     * @param fileBytes size at which the next file begins
     * @param tombstones range deletions that the outputs must carry
     */
    public SstableOutputs(Target target, FamilyOptions options, int level, long fileBytes, RangeTombstoneList tombstones) {
        this.target = target;
        this.options = options;
        this.level = level;
        this.fileBytes = fileBytes;
        this.tombstones = tombstones;
    }

    public void add(Slice key, long trailer, Slice value) throws IOException {
        if (writer != null && writer.estimatedSize() >= fileBytes && !writer.lastKey().contentEquals(key)) {
            finishFile(key.toByteArray());
        }
        if (writer == null) {
            begin();
        }
        writer.add(key, trailer, value);
    }

    private void begin() throws IOException {
        writerNumber = target.fileNumbers().getAsLong();
        BlockCompression compression = options.compression(level);
        SstableOptions sstable = SstableOptions.builder().blockSizeBytes(blockBytes(compression)).compression(compression)
                .bloomBitsPerKey(options.bloomBitsPerKey()).eventTimeFromEnd(options.eventTimeFromEnd())
                .writeTimeOffset(options.timeToLiveMillis() > 0 ? options.timeToLiveOffset() : -1).build();
        writer = SstableWriter.open(target.vfs(), FileNames.sstable(target.directory(), writerNumber), sstable, target.pool(), target.helpers());
    }

    /**
     * A point read of an LZ4 block decompresses half of it on average, so these are smaller: 6 million rows of 35 + 96 bytes, larger than the cache, take 4%
     * more on disk and two thirds of the time.
     */
    private int blockBytes(BlockCompression compression) {
        return compression.ofBlocks() == BlockCompression.LZ4 ? Math.max(LEAST_BLOCK_BYTES, options.blockBytes() / 2) : options.blockBytes();
    }

    /** @param upper first key of the next file, null after the last */
    private void finishFile(byte[] upper) throws IOException {
        for (RangeTombstone tombstone : tombstones.clip(new KeyRange(border, upper)).tombstones()) {
            writer.addRangeTombstone(tombstone);
        }
        SstableMetadata table = writer.finish();
        writer.close();
        writer = null;
        finished.add(new Output(writerNumber, table));
        border = upper;
    }

    /** Finishes the last file. @return all files, by key; their names are not durable before the folder is synced */
    public List<Output> finish() throws IOException {
        if (writer == null && !tombstones.clip(new KeyRange(border, null)).isEmpty()) {
            begin();
        }
        if (writer != null) {
            finishFile(null);
        }
        return finished;
    }

    /** Bytes of the finished files and, roughly, of the one being written. */
    public long bytes() {
        long bytes = writer == null ? 0 : writer.estimatedSize();
        for (Output output : finished) {
            bytes += output.table().fileSize();
        }
        return bytes;
    }

    /** Gives up a file that was not finished. Finished ones stay; if no manifest names them, the next opening takes them away. */
    @Override
    public void close() throws IOException {
        if (writer != null) {
            writer.abandon();
            writer = null;
        }
    }
}
