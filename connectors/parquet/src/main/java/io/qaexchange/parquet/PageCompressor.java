package io.qaexchange.parquet;

import io.airlift.compress.Compressor;
import io.airlift.compress.snappy.SnappyCompressor;
import io.airlift.compress.zstd.ZstdCompressor;
import java.io.IOException;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;

/**
 * Compresses Parquet pages in pure Java. The library's own codecs come from a cache that lives as long as the process and keeps the class
 * loader of the first job that used them, which is closed when that job restarts.
 *
 * <p>One thread.
 */
final class PageCompressor implements BytesInputCompressor {

    private final CompressionCodecName codec;
    private final Compressor compressor;
    /** What the last page became; the library copies it into the row group at once. */
    private byte[] compressed = {};

    PageCompressor(ParquetOptions.Compression compression) {
        this.codec = compression.codec();
        this.compressor = switch (compression) {
            case ZSTD -> new ZstdCompressor();
            case SNAPPY -> new SnappyCompressor();
        };
    }

    @Override
    public BytesInput compress(BytesInput page) throws IOException {
        byte[] bytes = page.toByteArray();
        int most = compressor.maxCompressedLength(bytes.length);
        if (compressed.length < most) {
            compressed = new byte[most];
        }
        int length = compressor.compress(bytes, 0, bytes.length, compressed, 0, compressed.length);
        return BytesInput.from(compressed, 0, length);
    }

    @Override
    public CompressionCodecName getCodecName() {
        return codec;
    }

    @Override
    public void release() {
        // Holds nothing but heap memory.
    }
}
