package io.qaexchange.archive.compaction;

import io.qaexchange.parquet.ParquetOptions;

/**
 * How the archive is compacted.
 *
 * @param targetBytes most bytes of the files that become one; files of at least half of it are left alone
 * @param mostFiles most files that become one: all are open at once
 * @param parquet how compacted files are written
 */
public record CompactionOptions(long targetBytes, int mostFiles, ParquetOptions parquet) {

    public static final CompactionOptions DEFAULT = new CompactionOptions(128 << 20, 256, ParquetOptions.DEFAULT);

    public CompactionOptions {
        if (targetBytes < 1) {
            throw new IllegalArgumentException("the target size must be positive: " + targetBytes);
        }
        if (mostFiles < 2) {
            throw new IllegalArgumentException("at least 2 files become one: " + mostFiles);
        }
    }
}
