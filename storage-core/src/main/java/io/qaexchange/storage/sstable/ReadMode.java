package io.qaexchange.storage.sstable;

/** How an iterator gets at blocks. */
public enum ReadMode {
    /** In place where the file is mapped, else through the block cache: for point reads and short scans. */
    CACHED,
    /**
     * By positional reads, ahead, into a buffer of the iterator's own; every block is checked against its checksum: for compaction,
     * export and long scans, which would only push others out of the cache.
     */
    SEQUENTIAL
}
