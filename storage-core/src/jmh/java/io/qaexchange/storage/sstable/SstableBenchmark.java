package io.qaexchange.storage.sstable;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.iterator.EntrySink;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

/**
 * One sstable of {@link EventRecords#COUNT} records: point reads present and absent, 100 rows, all rows, writing. {@link RocksBenchmark}
 * asks the same of RocksDB.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(value = 1, jvmArgsAppend = {"-Xmx2g", "-XX:+UseSerialGC"})
public class SstableBenchmark {
    @Param({"mmap", "pread"})
    public String read;
    @Param({"NONE", "LZ4"})
    public BlockCompression compression;
    @Param({"fixed", "prefix"})
    public String shape;

    private final EventRecords records = new EventRecords();
    private final BlockPin pin = new BlockPin();
    private final Slice key = new Slice();
    private final long[] sum = new long[1];
    private final EntrySink sink = (trailer, value) -> {
        sum[0] += value.getLong(0);
        return false;
    };
    private Path directory;
    private BlockCache cache;
    private SstableReader reader;
    private InternalIterator iterator;
    private InternalIterator sequential;
    private int next;

    @Setup(Level.Trial)
    public void write() throws IOException {
        directory = Files.createTempDirectory("sstable-jmh");
        Path file = directory.resolve("1.sst");
        write(file);
        cache = new BlockCache(new BudgetedMemoryPool(BudgetedMemoryPool.Kind.DIRECT, 512 << 20), 512 << 20);
        reader = SstableReader.open(NioVfs.INSTANCE, file, read.equals("mmap") ? ReadOptions.MMAP : ReadOptions.PREAD, cache);
        iterator = reader.iterator(KeyRange.ALL, ReadMode.CACHED);
        sequential = reader.iterator(KeyRange.ALL, ReadMode.SEQUENTIAL);
    }

    private SstableMetadata write(Path file) throws IOException {
        Slice value = new Slice();
        boolean prefix = shape.equals("prefix");
        try (SstableWriter writer = SstableWriter.open(NioVfs.INSTANCE, file,
                SstableOptions.builder().compression(compression).eventTimeFromEnd(24).build())) {
            for (int i = 0; i < EventRecords.COUNT; i++) {
                byte[] bytes = records.value(i);
                writer.add(key.wrap(records.sortedKey(i)), Trailer.of(i + 1, ValueKind.PUT),
                        value.wrap(bytes, 0, bytes.length - (prefix ? i & 7 : 0)));
            }
            return writer.finish();
        }
    }

    @TearDown(Level.Trial)
    public void close() throws IOException {
        iterator.close();
        sequential.close();
        reader.close();
        cache.close();
        Files.delete(directory.resolve("1.sst"));
        Files.delete(directory);
    }

    @Benchmark
    public boolean getPresent() throws IOException {
        boolean found = reader.get(key.wrap(records.randomKey(next++)), Trailer.MAX_SEQUENCE, sink, pin);
        pin.release();
        return found;
    }

    @Benchmark
    public boolean getAbsent() throws IOException {
        boolean found = reader.get(key.wrap(records.absentKey(next++)), Trailer.MAX_SEQUENCE, sink, pin);
        pin.release();
        return found;
    }

    @Benchmark
    public long scan100() throws IOException {
        long result = 0;
        iterator.seek(key.wrap(records.randomKey(next++)), Trailer.NEWEST);
        for (int i = 0; i < 100 && iterator.valid(); i++, iterator.next()) {
            result += iterator.value().getLong(0) + iterator.key().getByte(34);
        }
        return result;
    }

    @Benchmark
    @OperationsPerInvocation(EventRecords.COUNT)
    public long scanRow() throws IOException {
        return scan(iterator);
    }

    @Benchmark
    @OperationsPerInvocation(EventRecords.COUNT)
    public long scanRowSequential() throws IOException {
        return scan(sequential);
    }

    private static long scan(InternalIterator iterator) throws IOException {
        long result = 0;
        for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
            result += iterator.value().getLong(0) + Memory.getByte(iterator.key().base(), iterator.key().address() + 34);
        }
        return result;
    }

    @Benchmark
    @OperationsPerInvocation(EventRecords.COUNT)
    public long writeRow() throws IOException {
        Path file = directory.resolve("2.sst");
        long size = write(file).fileSize();
        Files.delete(file);
        return size;
    }
}
