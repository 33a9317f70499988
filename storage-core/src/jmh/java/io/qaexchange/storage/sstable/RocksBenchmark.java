package io.qaexchange.storage.sstable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.CompressionType;
import org.rocksdb.EnvOptions;
import org.rocksdb.IngestExternalFileOptions;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.RocksIterator;
import org.rocksdb.SstFileWriter;

/** The yardstick of {@link SstableBenchmark}: one ingested file of the same records in RocksDB, through JNI. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = {"-Xmx2g", "-XX:+UseSerialGC"})
public class RocksBenchmark {
    @Param({"NONE", "LZ4"})
    public String compression;

    private final EventRecords records = new EventRecords();
    private final byte[] value = new byte[96];
    private Path directory;
    private LRUCache cache;
    private BloomFilter filter;
    private Options options;
    private ReadOptions readOptions;
    private RocksDB db;
    private int next;

    @Setup(Level.Trial)
    public void open() throws IOException, RocksDBException {
        RocksDB.loadLibrary();
        directory = Files.createTempDirectory("rocks-jmh");
        cache = new LRUCache(512 << 20);
        filter = new BloomFilter(10, false);
        options = new Options().setCreateIfMissing(true)
                .setCompressionType(compression.equals("LZ4") ? CompressionType.LZ4_COMPRESSION : CompressionType.NO_COMPRESSION)
                .setTableFormatConfig(new BlockBasedTableConfig().setFilterPolicy(filter).setBlockCache(cache));
        readOptions = new ReadOptions();
        Path file = directory.resolve("1.sst");
        write(file);
        db = RocksDB.open(options, directory.resolve("db").toString());
        try (IngestExternalFileOptions ingest = new IngestExternalFileOptions()) {
            db.ingestExternalFile(List.of(file.toString()), ingest);
        }
    }

    private void write(Path file) throws RocksDBException {
        try (EnvOptions env = new EnvOptions(); SstFileWriter writer = new SstFileWriter(env, options)) {
            writer.open(file.toString());
            for (int i = 0; i < EventRecords.COUNT; i++) {
                writer.put(records.sortedKey(i), records.value(i));
            }
            writer.finish();
        }
    }

    @TearDown(Level.Trial)
    public void close() throws IOException {
        db.close();
        readOptions.close();
        options.close();
        filter.close();
        cache.close();
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Benchmark
    public int getPresent() throws RocksDBException {
        return db.get(readOptions, records.randomKey(next++), value);
    }

    @Benchmark
    public int getAbsent() throws RocksDBException {
        return db.get(readOptions, records.absentKey(next++), value);
    }

    @Benchmark
    public long scan100() {
        long result = 0;
        try (RocksIterator iterator = db.newIterator(readOptions)) {
            iterator.seek(records.randomKey(next++));
            for (int i = 0; i < 100 && iterator.isValid(); i++, iterator.next()) {
                result += iterator.value()[0] + iterator.key()[34];
            }
        }
        return result;
    }

    @Benchmark
    @OperationsPerInvocation(EventRecords.COUNT)
    public long scanRow() {
        long result = 0;
        try (RocksIterator iterator = db.newIterator(readOptions)) {
            for (iterator.seekToFirst(); iterator.isValid(); iterator.next()) {
                result += iterator.value()[0] + iterator.key()[34];
            }
        }
        return result;
    }

    @Benchmark
    @OperationsPerInvocation(EventRecords.COUNT)
    public void writeRow() throws IOException, RocksDBException {
        Path file = directory.resolve("2.sst");
        write(file);
        Files.delete(file);
    }
}
