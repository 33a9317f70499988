package io.qaexchange.parquet;

import java.io.Serializable;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * How Parquet files are written.
 *
 * @param compression zstd or snappy
 * @param rowGroupRows rows of a row group; more rows compress better, fewer are skipped better by a query for one instrument
 */
public record ParquetOptions(Compression compression, int rowGroupRows) implements Serializable {

    /** Codec of the pages. */
    public enum Compression {
        ZSTD(CompressionCodecName.ZSTD),
        SNAPPY(CompressionCodecName.SNAPPY);

        private final CompressionCodecName codec;

        Compression(CompressionCodecName codec) {
            this.codec = codec;
        }

        CompressionCodecName codec() {
            return codec;
        }
    }

    public static final ParquetOptions DEFAULT = new ParquetOptions(Compression.ZSTD, 128 << 10);

    public ParquetOptions {
        if (rowGroupRows < 1) {
            throw new IllegalArgumentException("rowGroupRows must be positive: " + rowGroupRows);
        }
    }
}
