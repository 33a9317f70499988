package io.qaexchange.parquet;

import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/** Codec of the pages of a Parquet file. */
public enum ParquetCompression {
    ZSTD(CompressionCodecName.ZSTD),
    SNAPPY(CompressionCodecName.SNAPPY);

    private final CompressionCodecName codec;

    ParquetCompression(CompressionCodecName codec) {
        this.codec = codec;
    }

    CompressionCodecName codec() {
        return codec;
    }
}
