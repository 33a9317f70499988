package io.qaexchange.storage.memtable;

import io.qaexchange.storage.iterator.EntrySink;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.EventRecords;
import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** The memtable beside the JDK's skip list of byte arrays, with events as they arrive: one memtable full, read at random, walked. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = {"-Xmx2g", "-XX:+UseParallelGC", "-XX:MaxDirectMemorySize=1g"})
public class MemtableBenchmark {
    private static final int FAMILY = 1;

    private final EventRecords records = new EventRecords();
    private final BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.DIRECT, 512 << 20);
    private final Slice key = new Slice();
    private final Slice value = new Slice();
    private final Slice scratch = new Slice();
    private final long[] sum = new long[1];
    private final EntrySink sink = (trailer, found) -> {
        sum[0] += found.getLong(0);
        return false;
    };
    private Memtable memtable;
    private ConcurrentSkipListMap<byte[], byte[]> skipList;
    private int next;

    @Setup(Level.Trial)
    public void fill() {
        memtable = filledMemtable();
        skipList = filledSkipList();
    }

    @TearDown(Level.Trial)
    public void release() {
        memtable.release();
    }

    private Memtable filledMemtable() {
        Memtable filled = new Memtable(1, pool, 256 << 10);
        for (int i = 0; i < EventRecords.COUNT; i++) {
            filled.add(FAMILY, key.wrap(records.arrivingKey(i)), Trailer.of(i + 1, ValueKind.PUT), value.wrap(records.value(i)));
        }
        return filled;
    }

    /** Copies as a memtable must: the caller's arrays are used again. */
    private ConcurrentSkipListMap<byte[], byte[]> filledSkipList() {
        ConcurrentSkipListMap<byte[], byte[]> filled = new ConcurrentSkipListMap<>(Arrays::compareUnsigned);
        for (int i = 0; i < EventRecords.COUNT; i++) {
            filled.put(records.arrivingKey(i).clone(), records.value(i).clone());
        }
        return filled;
    }

    @Benchmark
    @OperationsPerInvocation(EventRecords.COUNT)
    public long put() {
        Memtable filled = filledMemtable();
        long bytes = filled.memoryBytes();
        filled.release();
        return bytes;
    }

    @Benchmark
    @OperationsPerInvocation(EventRecords.COUNT)
    public int putSkipList() {
        return filledSkipList().size();
    }

    @Benchmark
    public boolean get() {
        return memtable.get(FAMILY, key.wrap(records.randomKey(next++)), Trailer.MAX_SEQUENCE, sink, scratch);
    }

    @Benchmark
    public byte[] getSkipList() {
        return skipList.get(records.randomKey(next++));
    }

    @Benchmark
    @OperationsPerInvocation(EventRecords.COUNT)
    public long walkRow() throws IOException {
        long result = 0;
        try (InternalIterator iterator = memtable.iterator(FAMILY)) {
            for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                result += iterator.value().getLong(0) + iterator.key().getByte(34);
            }
        }
        return result;
    }

    @Benchmark
    @OperationsPerInvocation(EventRecords.COUNT)
    public long walkRowSkipList() {
        long result = 0;
        for (Map.Entry<byte[], byte[]> entry : skipList.entrySet()) {
            result += Memory.getLong(entry.getValue(), Memory.ARRAY_BASE) + entry.getKey()[34];
        }
        return result;
    }
}
