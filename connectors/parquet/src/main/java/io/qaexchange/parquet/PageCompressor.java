package io.qaexchange.parquet;

import com.github.luben.zstd.Zstd;
import com.github.luben.zstd.ZstdCompressCtx;
import com.github.luben.zstd.util.Native;
import io.airlift.compress.Compressor;
import io.airlift.compress.snappy.SnappyCompressor;
import io.airlift.compress.zstd.ZstdCompressor;
import java.io.IOException;
import javax.annotation.Nullable;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.compression.CompressionCodecFactory.BytesInputCompressor;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compresses Parquet pages. The Parquet library's own codecs come from a cache that lives as long as the process and keeps the class
 * loader of the first job that used them, which is closed when that job restarts.
 *
 * <p>Zstd uses the native library if it can be loaded; it is four times as fast as the pure-Java fallback. Each class loader unpacks and
 * loads its own copy and releases it, so a restarted job never finds it in use. What a compressor has outside the heap, about a megabyte,
 * is freed by {@link #release}.
 *
 * <p>One thread.
 */
final class PageCompressor implements BytesInputCompressor {

    private static final Logger LOG = LoggerFactory.getLogger(PageCompressor.class);
    /** The next makes files 1.7% smaller and takes a third longer. */
    private static final int ZSTD_LEVEL = 1;
    private static final boolean NATIVE_ZSTD = loadNativeZstd();

    private final CompressionCodecName codec;
    /** Null if another is used. */
    @Nullable
    private final ZstdCompressCtx nativeZstd;
    /** The compressor without the native library. */
    @Nullable
    private final Compressor compressor;
    /** The last page, compressed; the library copies it into the row group at once. */
    private byte[] compressed = {};

    PageCompressor(ParquetCompression compression) {
        this.codec = compression.codec();
        this.nativeZstd = compression == ParquetCompression.ZSTD && NATIVE_ZSTD ? new ZstdCompressCtx().setLevel(ZSTD_LEVEL) : null;
        this.compressor = nativeZstd != null ? null : switch (compression) {
            case ZSTD -> new ZstdCompressor();
            case SNAPPY -> new SnappyCompressor();
        };
    }

    private static boolean loadNativeZstd() {
        try {
            Native.load();
            return true;
        } catch (LinkageError e) {
            LOG.info("Parquet pages are compressed in pure Java, as native zstd could not be loaded: {}", e.getMessage());
            return false;
        }
    }

    /** Whether Zstd is native here. */
    static boolean isZstdNative() {
        return NATIVE_ZSTD;
    }

    @Override
    public BytesInput compress(BytesInput page) throws IOException {
        byte[] bytes = page.toByteArray();
        int most = compressor != null ? compressor.maxCompressedLength(bytes.length) : Math.toIntExact(Zstd.compressBound(bytes.length));
        if (compressed.length < most) {
            compressed = new byte[Math.max(2 * compressed.length, most)];
        }
        int length = compressor != null
                ? compressor.compress(bytes, 0, bytes.length, compressed, 0, compressed.length)
                : nativeZstd.compressByteArray(compressed, 0, compressed.length, bytes, 0, bytes.length);
        return BytesInput.from(compressed, 0, length);
    }

    @Override
    public CompressionCodecName getCodecName() {
        return codec;
    }

    /** Nothing can be compressed any more. */
    @Override
    public void release() {
        if (nativeZstd != null) {
            nativeZstd.close();
        }
    }
}
