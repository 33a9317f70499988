package io.qaexchange.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import io.airlift.compress.zstd.ZstdDecompressor;
import java.io.File;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.apache.parquet.bytes.BytesInput;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PageCompressorTest {

    private static final String NATIVE_PATH = "ZstdNativePath";
    private static final int COLLECTIONS = 50;

    @TempDir
    private Path folder;

    /** A job's own loader: it loads what comes in the job's jar itself, as Flink's does. */
    private static final class JobLoader extends URLClassLoader {
        private static final List<String> OWN = List.of("io.qaexchange.parquet.", "com.github.luben.", "io.airlift.");

        JobLoader() throws IOException {
            super(classPath(), PageCompressorTest.class.getClassLoader());
        }

        private static URL[] classPath() throws IOException {
            List<URL> urls = new ArrayList<>();
            for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
                urls.add(Path.of(entry).toUri().toURL());
            }
            return urls.toArray(new URL[0]);
        }

        @Override
        protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
            synchronized (getClassLoadingLock(name)) {
                if (OWN.stream().noneMatch(name::startsWith)) {
                    return super.loadClass(name, resolve);
                }
                Class<?> loaded = findLoadedClass(name);
                return loaded != null ? loaded : findClass(name);
            }
        }

        Class<?> compressor() throws ClassNotFoundException {
            return loadClass(PageCompressor.class.getName());
        }
    }

    @Test
    void pagesOfAnySizeCanBeReadBack() throws IOException {
        PageCompressor compressor = new PageCompressor(ParquetCompression.ZSTD);
        for (int length : new int[] {0, 1, 100, 200_000, 1_500_000, 3}) {
            byte[] page = page(length);
            assertThat(decompressed(compressor.compress(BytesInput.from(page)).toByteArray(), length)).isEqualTo(page);
        }
        compressor.release();
        compressor.release();
    }

    @Test
    void zstdIsNativeAgainAfterARestartOfTheJobAndLeavesNoClassLoader() throws Exception {
        assertThat(PageCompressor.isZstdNative()).isTrue();
        WeakReference<ClassLoader> first = compressInALoaderOfItsOwn(true);
        WeakReference<ClassLoader> second = compressInALoaderOfItsOwn(true);

        assertThat(isCollected(first)).as("loader of the first job").isTrue();
        assertThat(isCollected(second)).as("loader of the second job").isTrue();
    }

    @Test
    void withoutTheNativeLibraryZstdIsCompressedInJava() throws Exception {
        String before = System.getProperty(NATIVE_PATH);
        System.setProperty(NATIVE_PATH, folder.resolve("missing.so").toString());
        try {
            compressInALoaderOfItsOwn(false);
        } finally {
            if (before == null) {
                System.clearProperty(NATIVE_PATH);
            } else {
                System.setProperty(NATIVE_PATH, before);
            }
        }
    }

    private static WeakReference<ClassLoader> compressInALoaderOfItsOwn(boolean isNative) throws Exception {
        byte[] page = page(50_000);
        try (JobLoader loader = new JobLoader()) {
            Class<?> type = loader.compressor();
            assertThat(type).isNotSameAs(PageCompressor.class);
            Method zstdNative = type.getDeclaredMethod("isZstdNative");
            zstdNative.setAccessible(true);
            assertThat(zstdNative.invoke(null)).isEqualTo(isNative);
            Class<?> compression = loader.loadClass(ParquetCompression.class.getName());
            Constructor<?> constructor = type.getDeclaredConstructor(compression);
            constructor.setAccessible(true);
            Object compressor = constructor.newInstance(compression.getEnumConstants()[0]);
            Method compress = type.getDeclaredMethod("compress", BytesInput.class);
            compress.setAccessible(true);
            byte[] compressed = ((BytesInput) compress.invoke(compressor, BytesInput.from(page))).toByteArray();
            assertThat(decompressed(compressed, page.length)).isEqualTo(page);
            Method release = type.getDeclaredMethod("release");
            release.setAccessible(true);
            release.invoke(compressor);
            return new WeakReference<>(loader);
        }
    }

    private static boolean isCollected(WeakReference<ClassLoader> loader) {
        for (int i = 0; i < COLLECTIONS && loader.get() != null; i++) {
            System.gc();
        }
        return loader.get() == null;
    }

    /** Half of it can be compressed. */
    private static byte[] page(int length) {
        byte[] page = new byte[length];
        new Random(length).nextBytes(page);
        Arrays.fill(page, length / 2, length, (byte) 7);
        return page;
    }

    private static byte[] decompressed(byte[] compressed, int length) {
        byte[] page = new byte[length];
        int read = new ZstdDecompressor().decompress(compressed, 0, compressed.length, page, 0, length);
        assertThat(read).isEqualTo(length);
        return page;
    }
}
