package io.qaexchange.storage.bench;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.Checkpoint;
import org.rocksdb.ColumnFamilyDescriptor;
import org.rocksdb.ColumnFamilyHandle;
import org.rocksdb.ColumnFamilyOptions;
import org.rocksdb.CompressionType;
import org.rocksdb.DBOptions;
import org.rocksdb.FlushOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksIterator;
import org.rocksdb.Statistics;
import org.rocksdb.StringAppendOperator;
import org.rocksdb.TickerType;
import org.rocksdb.WriteBatch;
import org.rocksdb.WriteOptions;

/** RocksDB through JNI: 64 MB write buffers, 10-bit Bloom filter, block cache and blocks of a given size. */
final class RocksContender implements Contender {
    private final String name;
    private final RocksDB database;
    private final ColumnFamilyHandle events;
    private final ColumnFamilyHandle lists;
    private final List<AutoCloseable> resources = new ArrayList<>();
    private final WriteOptions writes;
    private final ReadOptions reads;
    /** Null if nobody asks. */
    private final Statistics statistics;
    private final WriteBatch batch;
    private final byte[] valueBuffer = new byte[1024];

    /** @param blockBytes 4 KB is its default and Flink's */
    RocksContender(Setup setup, int blockBytes) throws Exception {
        RocksDB.loadLibrary();
        name = "rocksdb, " + (blockBytes >> 10) + " KB";
        Cache cache = keep(new LRUCache(setup.cacheBytes()));
        statistics = setup.counted() ? keep(new Statistics()) : null;
        DBOptions options = keep(new DBOptions().setCreateIfMissing(true).setCreateMissingColumnFamilies(true).setMaxBackgroundJobs(2));
        if (statistics != null) {
            options.setStatistics(statistics);
        }
        ColumnFamilyOptions eventOptions = keep(family(cache, blockBytes, setup.compressed()));
        ColumnFamilyOptions listOptions = keep(family(cache, blockBytes, setup.compressed()).setMergeOperator(keep(new StringAppendOperator(','))));
        List<ColumnFamilyHandle> handles = new ArrayList<>();
        database = RocksDB.open(options, setup.directory().toString(), List.of(
                new ColumnFamilyDescriptor(RocksDB.DEFAULT_COLUMN_FAMILY, eventOptions),
                new ColumnFamilyDescriptor("lists".getBytes(java.nio.charset.StandardCharsets.US_ASCII), listOptions)), handles);
        events = handles.get(0);
        lists = handles.get(1);
        writes = keep(new WriteOptions().setDisableWAL(setup.log() == Log.NONE).setSync(setup.log() == Log.SYNCED));
        reads = keep(new ReadOptions());
        batch = keep(new WriteBatch());
    }

    private ColumnFamilyOptions family(Cache cache, int blockBytes, boolean compressed) {
        BlockBasedTableConfig table = new BlockBasedTableConfig().setBlockCache(cache).setFilterPolicy(keep(new BloomFilter(10))).setBlockSize(blockBytes);
        return new ColumnFamilyOptions().setWriteBufferSize(64 << 20).setTableFormatConfig(table)
                .setCompressionType(compressed ? CompressionType.LZ4_COMPRESSION : CompressionType.NO_COMPRESSION);
    }

    private <T extends AutoCloseable> T keep(T resource) {
        resources.add(0, resource);
        return resource;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void put(byte[] key, byte[] value) throws Exception {
        database.put(events, writes, key, value);
    }

    @Override
    public void addToBatch(byte[] key, byte[] value) throws Exception {
        batch.put(events, key, value);
    }

    @Override
    public void writeBatch() throws Exception {
        database.write(writes, batch);
        batch.clear();
    }

    @Override
    public int get(byte[] key) throws Exception {
        int length = database.get(events, reads, key, valueBuffer);
        return length == RocksDB.NOT_FOUND ? -1 : length;
    }

    @Override
    public byte[] getBytes(byte[] key) throws Exception {
        return database.get(events, reads, key);
    }

    @Override
    public long scan(byte[] from, int rows) throws Exception {
        long sum = 0;
        int left = rows;
        try (RocksIterator iterator = database.newIterator(events, reads)) {
            for (iterator.seek(from); iterator.isValid() && left > 0; iterator.next()) {
                sum += iterator.key()[0] + iterator.value()[0];
                left--;
            }
            iterator.status();
        }
        return sum;
    }

    @Override
    public void append(byte[] key, byte[] value) throws Exception {
        database.merge(lists, writes, key, value);
    }

    @Override
    public void deleteRange(byte[] lower, byte[] upper) throws Exception {
        database.deleteRange(events, writes, lower, upper);
    }

    @Override
    public void checkpoint(Path directory) throws Exception {
        try (Checkpoint checkpoint = Checkpoint.create(database)) {
            checkpoint.createCheckpoint(directory.toString());
        }
    }

    /** It flushes, syncs and links before it returns. */
    @Override
    public void checkpointToEnd(Path directory) throws Exception {
        checkpoint(directory);
    }

    @Override
    public void flush() throws Exception {
        try (FlushOptions options = new FlushOptions().setWaitForFlush(true)) {
            database.flush(options, List.of(events, lists));
        }
    }

    @Override
    public void awaitIdle() throws Exception {
        while (database.getLongProperty(events, "rocksdb.num-running-compactions") > 0
                || database.getLongProperty(events, "rocksdb.compaction-pending") > 0
                || database.getLongProperty(events, "rocksdb.num-running-flushes") > 0
                || database.getLongProperty(events, "rocksdb.mem-table-flush-pending") > 0) {
            Thread.sleep(10);
        }
    }

    @Override
    public long bytesWritten() throws Exception {
        if (statistics == null) {
            double gigabytes = 0;
            for (ColumnFamilyHandle family : List.of(events, lists)) {
                gigabytes += Double.parseDouble(database.getMapProperty(family, "rocksdb.cfstats").get("compaction.Sum.WriteGB"));
            }
            return (long) (gigabytes * (1 << 30));
        }
        return statistics.getTickerCount(TickerType.FLUSH_WRITE_BYTES) + statistics.getTickerCount(TickerType.COMPACT_WRITE_BYTES)
                + statistics.getTickerCount(TickerType.WAL_FILE_BYTES);
    }

    @Override
    public void close() {
        events.close();
        lists.close();
        database.close();
        for (AutoCloseable resource : resources) {
            try {
                resource.close();
            } catch (Exception e) {
                throw new IllegalStateException("could not close " + resource, e);
            }
        }
    }
}
