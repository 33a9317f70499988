package io.qaexchange.storage.bench;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.StoreStatistics;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.nio.file.Path;

/** Ours: events in a time-windowed family, lists in a leveled one. */
final class LsmContender implements Contender {
    private final LsmStore store;
    private final ColumnFamily events;
    private final ColumnFamily lists;
    private final WriteBatch batch = new WriteBatch();
    private final Slice key = new Slice();
    private final Slice value = new Slice();
    private final Slice wanted = new Slice();
    private final StoreReader reader;

    LsmContender(Setup setup) throws Exception {
        Durability durability = switch (setup.log()) {
            case NONE -> Durability.NO_LOG;
            case BUFFERED -> Durability.NONE;
            case GROUPED -> Durability.GROUP_COMMIT;
            case SYNCED -> Durability.SYNC_EACH;
        };
        store = LsmStore.open(setup.directory(), StoreOptions.builder().durability(durability).memtableBytes(64 << 20).blockCacheBytes(setup.cacheBytes()).build());
        BlockCompression compression = setup.compressed() ? BlockCompression.LZ4 : BlockCompression.NONE;
        FamilyOptions.Builder options = FamilyOptions.builder("events").compression(compression);
        if (setup.layout() == Layout.WINDOWS) {
            options.eventTimeFromEnd(24).compactionStyle(CompactionStyle.TIME_WINDOW).windowNanos(3_600_000_000_000L);
        }
        events = store.createFamily(options.build());
        lists = store.createFamily(FamilyOptions.builder("lists").compression(compression).appendDelimiter((byte) ',').build());
        reader = store.reader();
    }

    @Override
    public String name() {
        return "ours";
    }

    @Override
    public void put(byte[] keyBytes, byte[] valueBytes) throws Exception {
        store.put(events, key.wrap(keyBytes), value.wrap(valueBytes));
    }

    @Override
    public void addToBatch(byte[] keyBytes, byte[] valueBytes) {
        batch.put(events, key.wrap(keyBytes), value.wrap(valueBytes));
    }

    @Override
    public void writeBatch() throws Exception {
        store.write(batch);
        batch.clear();
    }

    @Override
    public int get(byte[] keyBytes) throws Exception {
        return reader.get(events, wanted.wrap(keyBytes)) ? reader.value().length() : -1;
    }

    @Override
    public byte[] getBytes(byte[] keyBytes) throws Exception {
        return store.get(events, keyBytes);
    }

    @Override
    public long scan(byte[] from, int rows) throws Exception {
        long sum = 0;
        int left = rows;
        try (StoreIterator iterator = store.iterator(events, KeyRange.ALL, null)) {
            for (iterator.seek(wanted.wrap(from)); iterator.valid() && left > 0; iterator.next()) {
                sum += iterator.key().getByte(0) + iterator.value().getByte(0);
                left--;
            }
        }
        return sum;
    }

    @Override
    public void append(byte[] keyBytes, byte[] valueBytes) throws Exception {
        store.append(lists, key.wrap(keyBytes), value.wrap(valueBytes));
    }

    @Override
    public void deleteRange(byte[] lower, byte[] upper) throws Exception {
        store.deleteRange(events, KeyRange.of(lower, upper));
    }

    @Override
    public void checkpoint(Path directory) throws Exception {
        // A host would read it later on another thread; here it is given up at once.
        store.checkpoint().close();
    }

    @Override
    public void checkpointToEnd(Path directory) throws Exception {
        try (Checkpoint checkpoint = store.checkpoint()) {
            checkpoint.writeTo(directory);
        }
    }

    @Override
    public String waits() {
        StoreStatistics statistics = store.statistics();
        StringBuilder text = new StringBuilder();
        for (StoreMetric metric : StoreMetric.values()) {
            if (metric.kind() == StoreMetric.Kind.COUNTER && (metric.id().startsWith("stall.") || metric.id().startsWith("slowdown."))) {
                text.append(metric.id()).append('=').append(statistics.get(metric)).append(' ');
            }
        }
        return text.toString();
    }

    @Override
    public void flush() throws Exception {
        store.flush();
    }

    @Override
    public void awaitIdle() throws Exception {
        store.awaitIdle();
    }

    @Override
    public long bytesWritten() {
        StoreStatistics statistics = store.statistics();
        long log = statistics.get(StoreMetric.WAL_BYTES_WRITTEN);
        return statistics.get(StoreMetric.FLUSH_BYTES) + statistics.get(StoreMetric.COMPACTION_WRITTEN_BYTES) + log;
    }

    LsmStore store() {
        return store;
    }

    @Override
    public void close() throws java.io.IOException {
        reader.close();
        store.close();
    }
}
