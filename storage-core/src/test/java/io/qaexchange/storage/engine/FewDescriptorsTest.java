package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions.ReadMode;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.OpenFiles;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store of many files that may have few of them open. */
class FewDescriptorsTest {
    private static final int ROWS = 20_000;
    private static final FamilyOptions FAMILY = FamilyOptions.builder("f").fileBytes(32 << 10).levelBaseBytes(128 << 10).build();

    @TempDir
    Path directory;

    private static StoreOptions options(ReadMode mode, int files, int mappings) {
        return StoreOptions.builder().durability(Durability.NO_LOG).readMode(mode).memtableBytes(1 << 20).blockCacheBytes(1 << 20)
                .maxOpenFiles(files).maxMappings(mappings).build();
    }

    private static byte[] key(int i) {
        return String.format("key%06d", i).getBytes(StandardCharsets.US_ASCII);
    }

    private static void fill(LsmStore store) throws IOException {
        ColumnFamily family = store.createFamily(FAMILY);
        byte[] value = new byte[200];
        new Random(1).nextBytes(value);
        for (int i = 0; i < ROWS; i++) {
            store.put(family, key((int) (i * 7919L % ROWS)), value);
        }
        store.flush();
        store.awaitIdle();
        assertThat(store.statistics().get(StoreMetric.FILES)).isGreaterThan(60);
    }

    private static int count(StoreIterator rows) throws IOException {
        int count = 0;
        for (rows.seekToFirst(); rows.valid(); rows.next()) {
            count++;
        }
        return count;
    }

    @ParameterizedTest
    @EnumSource(ReadMode.class)
    void writesReadsAndMergesWithFewDescriptors(ReadMode mode) throws IOException {
        StoreOptions options = options(mode, 5, 7);
        OpenFiles open = options.vfs().openFiles();
        try (LsmStore store = LsmStore.open(directory, options)) {
            fill(store);
            ColumnFamily family = store.family("f");
            // Two iterators hold their places while the other reads everything through the same few descriptors.
            try (StoreIterator held = store.iterator(family); StoreIterator rows = store.iterator(family)) {
                held.seek(Slice.of(key(ROWS / 2)));
                assertThat(count(rows)).isEqualTo(ROWS);
                assertThat(open.openCount()).isLessThanOrEqualTo(5);
                assertThat(open.mappingCount()).isLessThanOrEqualTo(7);
                assertThat(held.key().toByteArray()).isEqualTo(key(ROWS / 2));
                held.next();
                assertThat(held.key().toByteArray()).isEqualTo(key(ROWS / 2 + 1));
            }
            try (StoreReader reader = store.reader()) {
                for (int i = 0; i < ROWS; i += 37) {
                    assertThat(reader.get(family, Slice.of(key(i)))).isTrue();
                }
            }
            assertThat(open.openCount()).isLessThanOrEqualTo(5);
        }
        assertThat(open.openCount()).as("after the store is closed").isZero();
        assertThat(open.mappingCount()).isZero();
    }

    @Test
    void manyThreadsReadWhileFilesComeAndGo() throws Exception {
        StoreOptions options = options(ReadMode.PREAD, 3, 3);
        try (LsmStore store = LsmStore.open(directory, options)) {
            fill(store);
            ColumnFamily family = store.family("f");
            AtomicReference<Throwable> failure = new AtomicReference<>();
            List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 6; t++) {
                Random random = new Random(t);
                Thread thread = new Thread(() -> {
                    try (StoreReader reader = store.reader()) {
                        for (int i = 0; i < 2000; i++) {
                            assertThat(reader.get(family, Slice.of(key(random.nextInt(ROWS))))).isTrue();
                        }
                    } catch (Throwable e) {
                        failure.set(e);
                    }
                });
                threads.add(thread);
                thread.start();
            }
            for (int i = 0; i < ROWS; i++) {
                store.put(family, key(i), new byte[200]);
            }
            for (Thread thread : threads) {
                thread.join();
            }
            assertThat(failure.get()).isNull();
            assertThat(options.vfs().openFiles().reopenCount()).isPositive();
        }
    }

    @Test
    void damageThatIsFoundInAFileThatWasOpenedAgainNamesTheFile() throws IOException {
        try (LsmStore store = LsmStore.open(directory, options(ReadMode.PREAD, 2, 2))) {
            fill(store);
            ColumnFamily family = store.family("f");
            try (StoreIterator rows = store.iterator(family)) {
                assertThat(count(rows)).isEqualTo(ROWS);
            }
            List<Path> tables = new ArrayList<>();
            try (Stream<Path> files = Files.list(directory)) {
                files.filter(file -> FileNames.isSstable(file.getFileName().toString())).forEach(tables::add);
            }
            for (Path table : tables) {
                try (RandomAccessFile file = new RandomAccessFile(table.toFile(), "rw")) {
                    for (int at = 64; at < file.length() - 4096; at += 100) {
                        file.seek(at);
                        file.write(0xA5);
                    }
                }
            }
            // All blocks went through a cache of a megabyte, which has forgotten most of them.
            assertThatThrownBy(() -> {
                try (StoreIterator rows = store.iterator(family)) {
                    count(rows);
                }
            }).isInstanceOf(CorruptionException.class).satisfies(e -> assertThat(tables).anyMatch(table -> e.getMessage().contains(table.toString())));
        }
    }
}
