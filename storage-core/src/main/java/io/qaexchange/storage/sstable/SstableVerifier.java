package io.qaexchange.storage.sstable;

import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;

/** Reads a whole sstable and checks what it says against what it should say. One thread, one use. */
final class SstableVerifier {
    private final SstableReader reader;
    private final BlockSource source;
    private final Footer footer;
    private final BloomFilter bloom;
    private final Slice previousKey = new Slice();
    private byte[] previousKeyBytes = new byte[64];
    private long previousTrailer;
    private long entries;

    SstableVerifier(SstableReader reader, BlockSource source, Footer footer, BloomFilter bloom) {
        this.reader = reader;
        this.source = source;
        this.footer = footer;
        this.bloom = bloom;
    }

    void verify() throws IOException {
        if (Memory.getLong(source.readRaw(0, SstableFormat.HEADER_SIZE), Memory.ARRAY_BASE) != SstableFormat.MAGIC) {
            throw new CorruptionException("magic damaged at the beginning of the sstable", source.file(), 0);
        }
        verifyIndex();
        if (bloom != null) {
            source.readBlock(footer.filter(), SstableFormat.KIND_FILTER);
            bloom.verify();
        }
        try (InternalIterator all = reader.iterator(KeyRange.ALL, ReadMode.SEQUENTIAL); BlockPin pin = new BlockPin()) {
            for (all.seekToFirst(); all.valid(); all.next()) {
                verifyEntry(all, pin);
            }
        }
        if (entries != reader.metadata().entries()) {
            throw new CorruptionException("sstable has " + entries + " entries, its properties say " + reader.metadata().entries(),
                    source.file(), footer.properties().offset());
        }
    }

    /** Every block stands where the index says and the blocks fill the file without a gap. */
    private void verifyIndex() throws IOException {
        long expected = SstableFormat.HEADER_SIZE;
        for (BlockInfo block : reader.blocks()) {
            if (block.handle().offset() != expected) {
                throw new CorruptionException("bytes that belong to no block, up to " + block.handle().offset(), source.file(),
                        expected);
            }
            if (block.kind().equals(SstableFormat.kindName(SstableFormat.KIND_INDEX))) {
                source.readBlock(block.handle(), SstableFormat.KIND_INDEX);
            }
            expected = block.handle().end();
        }
        if (expected != footer.fileSize() - Footer.SIZE) {
            throw new CorruptionException("bytes that belong to no block, up to the footer", source.file(), expected);
        }
    }

    private void verifyEntry(InternalIterator entry, BlockPin pin) throws IOException {
        Slice key = entry.key();
        if (entries > 0) {
            int order = previousKey.compareTo(key);
            if (order > 0 || order == 0 && Trailer.compare(previousTrailer, entry.trailer()) >= 0) {
                throw new CorruptionException("entries out of order: " + key + Trailer.toString(entry.trailer()) + " after "
                        + previousKey + Trailer.toString(previousTrailer), source.file(), 0);
            }
        }
        if (reader.isCertainlyAbsent(key, pin)) {
            throw new CorruptionException("the filter excludes a key that is in the file: " + key, source.file(),
                    footer.filter().offset());
        }
        pin.release();
        entries++;
        if (previousKeyBytes.length < key.length()) {
            previousKeyBytes = new byte[key.length() * 2];
        }
        key.copyTo(previousKeyBytes, 0);
        previousKey.wrap(previousKeyBytes, 0, key.length());
        previousTrailer = entry.trailer();
    }
}
