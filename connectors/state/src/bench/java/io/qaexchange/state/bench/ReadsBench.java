package io.qaexchange.state.bench;

import io.qaexchange.state.LsmKeyedStateBackend;
import io.qaexchange.state.OrderedKey;
import io.qaexchange.state.OrderedMapState;
import io.qaexchange.state.OrderedMapStateDescriptor;
import io.qaexchange.state.OrderedMapStates;
import io.qaexchange.state.StateReadSession;
import io.qaexchange.state.StateReads;
import io.qaexchange.state.StoredBlock;
import io.qaexchange.state.StoredRange;
import io.qaexchange.state.StoredScan;
import io.qaexchange.storage.key.TimeRange;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.util.FileUtils;

/**
 * Reads of a subtask's state from another thread: pins, scans as views, as blocks and as objects, and the newest row of each key. Rows of
 * an ordered map, spread over keys; the best of five rounds counts.
 */
public final class ReadsBench {
    private static final int ROUNDS = 5;
    private static final int PINS = 20_000;
    private static final int VALUE_BYTES = 80;
    private static final String STATE = "rows";
    private static final String USAGE = "bench reads [--quick] [--keys N] [--rows N]";

    private ReadsBench() {
    }

    /** A row: a time of a key. */
    record Row(long eventTimeNs) implements OrderedKey<Row> {
        static final long WIDTH_NS = 3_600_000_000_000L;

        @Override
        public long bucket() {
            return eventTimeNs / WIDTH_NS;
        }

        @Override
        public long bucketLowerTimeNs() {
            return bucket() * WIDTH_NS;
        }

        @Override
        public long bucketUpperTimeNs() {
            return bucketLowerTimeNs() + WIDTH_NS;
        }

        @Override
        public int compareTo(Row other) {
            return Long.compare(eventTimeNs, other.eventTimeNs);
        }
    }

    /** Times are not negative, so their bytes are in order. */
    static final class RowSerializer extends TypeSerializerSingleton<Row> {
        private static final long serialVersionUID = 1L;

        @Override
        public boolean isImmutableType() {
            return true;
        }

        @Override
        public Row createInstance() {
            return new Row(0);
        }

        @Override
        public Row copy(Row from) {
            return from;
        }

        @Override
        public Row copy(Row from, Row reuse) {
            return from;
        }

        @Override
        public int getLength() {
            return Long.BYTES;
        }

        @Override
        public void serialize(Row row, DataOutputView target) throws IOException {
            target.writeLong(row.eventTimeNs);
        }

        @Override
        public Row deserialize(DataInputView source) throws IOException {
            return new Row(source.readLong());
        }

        @Override
        public Row deserialize(Row reuse, DataInputView source) throws IOException {
            return deserialize(source);
        }

        @Override
        public void copy(DataInputView source, DataOutputView target) throws IOException {
            target.writeLong(source.readLong());
        }

        @Override
        public TypeSerializerSnapshot<Row> snapshotConfiguration() {
            return new Snapshot();
        }

        /** Read by Flink. */
        public static final class Snapshot extends SimpleTypeSerializerSnapshot<Row> {
            public Snapshot() {
                super(RowSerializer::new);
            }
        }
    }

    /** A measured read; returns how many rows it has seen. */
    @FunctionalInterface
    private interface Read {
        long rows() throws Exception;
    }

    public static void main(String[] args) throws Exception {
        BenchOptions options = BenchOptions.parse(args, USAGE, List.of("keys", "rows"));
        int keys = (int) options.number("keys", 5_000);
        long rows = options.number("rows", options.quick() ? 500_000 : 5_000_000);
        Path local = Files.createTempDirectory("bench-reads");
        try (BenchBackend backend = BenchBackend.open(BenchBackend.Kind.OURS.make(local, 256 << 20), KeyGroupRange.of(0, BenchBackend.KEY_GROUPS - 1), List.of())) {
            @SuppressWarnings("unchecked")
            LsmKeyedStateBackend<Long> keyed = (LsmKeyedStateBackend<Long>) backend.keyed;
            fill(keyed, keys, rows);
            System.out.printf(Locale.ROOT, "%,d rows of %d bytes, %,d keys%n", rows, VALUE_BYTES, keys);
            measure(keyed.reads(), keys, rows);
        } finally {
            FileUtils.deleteDirectory(local.toFile());
        }
    }

    private static void fill(LsmKeyedStateBackend<Long> backend, int keys, long rows) throws Exception {
        OrderedMapState<Row, byte[]> state = OrderedMapStates.open(backend, new OrderedMapStateDescriptor<>(STATE, new RowSerializer(),
                BytePrimitiveArraySerializer.INSTANCE, Long.BYTES, Duration.ofHours(1)));
        byte[] value = new byte[VALUE_BYTES];
        for (long i = 0; i < rows; i++) {
            backend.setCurrentKey(i % keys);
            Arrays.fill(value, (byte) i);
            state.put(new Row(1_000_000 * i), value.clone());
        }
    }

    private static void measure(StateReads<Long> reads, int keys, long rows) throws Exception {
        long[] pins = new long[PINS];
        for (int i = 0; i < PINS; i++) {
            long begin = System.nanoTime();
            reads.open().close();
            pins[i] = System.nanoTime() - begin;
        }
        Arrays.sort(pins, PINS / 2, PINS);
        System.out.printf(Locale.ROOT, "%-34s p50 %.1f us, p99 %.1f us%n", "pin and release", pins[PINS * 3 / 4] / 1e3, pins[PINS - PINS / 200] / 1e3);
        try (StateReadSession<Long> session = reads.open()) {
            report("scan, views", () -> all(session.scan(STATE, StoredRange.ALL)));
            report("scan, descending, views", () -> all(session.scan(STATE, StoredRange.ALL.reversed())));
            report("scan, blocks of 256 KiB", () -> {
                StoredBlock block = new StoredBlock(256 << 10);
                StoredScan scan = session.scan(STATE, StoredRange.ALL);
                long seen = 0;
                while (scan.fill(block)) {
                    seen += block.count();
                }
                return seen;
            });
            report("range of each key, objects", () -> {
                long seen = 0;
                for (long key = 0; key < keys; key++) {
                    for (var entries = session.<Row, byte[]>range(STATE, key, null, null, false); entries.hasNext(); entries.next()) {
                        seen++;
                    }
                }
                return seen;
            });
            report("newest row of each key", () -> all(session.scanEachKey(STATE, StoredRange.ALL.reversed(), null, null, 1)));
            TimeRange lastMinute = new TimeRange(1_000_000 * rows - 60_000_000_000L, Long.MAX_VALUE);
            report("newest of each key, last minute", () -> all(session.scanEachKey(STATE, StoredRange.ALL.reversed().at(lastMinute), null, null, 1)));
            report("100 newest rows of each key", () -> all(session.scanEachKey(STATE, StoredRange.ALL.reversed(), null, null, 100)));
        }
    }

    private static long all(StoredScan scan) throws IOException {
        long[] seen = new long[1];
        boolean more = true;
        while (more) {
            more = scan.run((key, value) -> {
                seen[0]++;
                return true;
            });
        }
        return seen[0];
    }

    private static void report(String what, Read read) throws Exception {
        long best = Long.MAX_VALUE;
        long rows = 0;
        for (int i = 0; i < ROUNDS; i++) {
            long begin = System.nanoTime();
            rows = read.rows();
            best = Math.min(best, System.nanoTime() - begin);
        }
        System.out.printf(Locale.ROOT, "%-34s %,d rows in %.1f ms, %.1f million rows/s%n", what, rows, best / 1e6, rows * 1e3 / best);
    }
}
