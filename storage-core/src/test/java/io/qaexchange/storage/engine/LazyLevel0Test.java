package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreEvent.CompactionEvent;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of level 0 that become one within it: what a reader sees stays what was written, and level 1 is seldom written again. */
class LazyLevel0Test {
    private static final int DEPTH = 2;
    private static final int LIMIT = 2 * DEPTH;

    @TempDir
    Path directory;

    private final List<String> merges = new ArrayList<>();
    private final StoreOptions options = StoreOptions.builder().durability(Durability.NO_LOG).executor(Runnable::run).level0(DEPTH, 20, 40)
            .listener(event -> {
                if (event instanceof CompactionEvent compaction) {
                    merges.add(compaction.plan());
                }
            }).build();

    private static byte[] key(long i) {
        return ByteBuffer.allocate(8).putLong(i).array();
    }

    private long mergesInto(int level) {
        return merges.stream().filter(text -> text.contains(" -> L" + level)).count();
    }

    @Test
    void olderAndNewerFilesKeepTheirOrderAroundIt() throws Exception {
        TreeMap<Long, String> model = new TreeMap<>();
        Random random = new Random(1);
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("lists").appendDelimiter((byte) ',').build());
            for (long i = 0; i < 20_000; i++) {
                store.put(family, Slice.of(key(i)), Slice.of("base".getBytes(StandardCharsets.US_ASCII)));
                model.put(i, "base");
            }
            store.flush();
            store.compact(family, KeyRange.ALL);
            merges.clear();
            for (int file = 0; file < 40; file++) {
                for (int n = 0; n < 200; n++) {
                    change(store, family, model, random.nextInt(20_000), random.nextInt(3), "," + file);
                }
                if (file % 7 == 0) {
                    long from = random.nextInt(20_000);
                    store.deleteRange(family, KeyRange.of(key(from), key(from + 300)));
                    model.subMap(from, from + 300).clear();
                }
                store.flush();
                assertThat(store.statistics().get(StoreMetric.LEVEL0_DEPTH)).isLessThan(LIMIT);
                assertThat(read(store, family)).isEqualTo(model);
            }
        }
        assertThat(mergesInto(0)).isGreaterThan(5);
        assertThat(mergesInto(1)).isZero();
    }

    private static void change(LsmStore store, ColumnFamily family, TreeMap<Long, String> model, long key, int what, String text) throws Exception {
        switch (what) {
            case 0 -> {
                store.put(family, Slice.of(key(key)), Slice.of(text.getBytes(StandardCharsets.US_ASCII)));
                model.put(key, text);
            }
            case 1 -> {
                store.append(family, Slice.of(key(key)), Slice.of(text.getBytes(StandardCharsets.US_ASCII)));
                model.merge(key, text, (before, added) -> before + "," + added);
            }
            default -> {
                store.delete(family, Slice.of(key(key)));
                model.remove(key);
            }
        }
    }

    private static TreeMap<Long, String> read(LsmStore store, ColumnFamily family) throws Exception {
        TreeMap<Long, String> found = new TreeMap<>();
        try (StoreIterator scan = store.iterator(family, KeyRange.ALL, null)) {
            for (scan.seekToFirst(); scan.valid(); scan.next()) {
                long key = scan.key().getLongBigEndian(0);
                String value = new String(scan.value().toByteArray(), StandardCharsets.US_ASCII);
                found.put(key, value);
                if (key % 50 == 0) {
                    assertThat(store.get(family, key(key))).asString(StandardCharsets.US_ASCII).isEqualTo(value);
                }
            }
        }
        return found;
    }

    @Test
    void stateThatGrowsIsWrittenAFewTimesAndNotWithEachFlush() throws Exception {
        int flushes = 200;
        try (LsmStore store = LsmStore.open(directory, options)) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("f").build());
            byte[] value = new byte[100];
            for (long n = 0; n < flushes * 500L; n++) {
                ByteBuffer.wrap(value).putLong(n * 0x9E3779B97F4A7C15L);
                store.put(family, Slice.of(ByteBuffer.allocate(16).putLong(n % 100).putLong(n).array()), Slice.of(value));
                if (n % 500 == 499) {
                    store.flush();
                    assertThat(store.statistics().get(StoreMetric.LEVEL0_DEPTH)).isLessThan(LIMIT);
                }
            }
            // Written with every second flush, level 1 would have cost a hundred times its final size over two.
            assertThat(store.statistics().get(StoreMetric.COMPACTION_WRITTEN_BYTES)).isLessThan(12 * store.statistics().get(StoreMetric.FLUSH_BYTES));
        }
    }
}
