package io.qaexchange.parquet;

import java.io.Serializable;

/**
 * How Parquet files are written.
 *
 * @param compression zstd or snappy
 * @param rowGroupRows rows of a row group; more rows compress better, fewer are skipped better by a query for one instrument
 */
public record ParquetOptions(ParquetCompression compression, int rowGroupRows) implements Serializable {

    public static final ParquetOptions DEFAULT = new ParquetOptions(ParquetCompression.ZSTD, 128 << 10);

    public ParquetOptions {
        if (rowGroupRows < 1) {
            throw new IllegalArgumentException("rowGroupRows must be positive: " + rowGroupRows);
        }
    }
}
