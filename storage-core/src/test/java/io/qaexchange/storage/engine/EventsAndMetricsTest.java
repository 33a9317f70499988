package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StallReason;
import io.qaexchange.storage.StoreEvent;
import io.qaexchange.storage.StoreEvent.CheckpointEvent;
import io.qaexchange.storage.StoreEvent.ClosedEvent;
import io.qaexchange.storage.StoreEvent.CompactionEvent;
import io.qaexchange.storage.StoreEvent.FailureEvent;
import io.qaexchange.storage.StoreEvent.FlushEvent;
import io.qaexchange.storage.StoreEvent.OpenedEvent;
import io.qaexchange.storage.StoreEvent.RecoveryEvent;
import io.qaexchange.storage.StoreEvent.StallEvent;
import io.qaexchange.storage.StoreHistogram;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreStatistics;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.tool.MetricsPage;
import io.qaexchange.storage.vfs.FaultyVfs;
import io.qaexchange.storage.vfs.MemoryVfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class EventsAndMetricsTest {
    private static final Path FOLDER = Path.of("/store");

    private final FaultyVfs vfs = new FaultyVfs(new MemoryVfs());
    private final Queue<StoreEvent> events = new ConcurrentLinkedQueue<>();

    private StoreOptions.Builder options(Durability durability) {
        return StoreOptions.builder().vfs(vfs).durability(durability).executor(Runnable::run).listener(events::add);
    }

    private <T extends StoreEvent> List<T> events(Class<T> type) {
        return events.stream().filter(type::isInstance).map(type::cast).toList();
    }

    @Test
    void eachStepOfAStoreIsAnEventWithItsFigures() throws IOException {
        try (LsmStore store = LsmStore.open(FOLDER, options(Durability.SYNC_EACH).build())) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("f").build());
            for (int round = 0; round < 2; round++) {
                store.put(family, new byte[] {1}, new byte[100]);
                store.flush();
            }
            store.compact(family, KeyRange.ALL);
            store.put(family, new byte[] {2}, new byte[100]);
            try (Checkpoint checkpoint = store.checkpoint()) {
                checkpoint.writeTo(Path.of("/checkpoint"));
            }
        }
        assertThat(events.stream().map(event -> event.getClass().getSimpleName()).collect(Collectors.toList())).containsExactly("OpenedEvent", "FlushEvent",
                "FlushEvent", "CompactionEvent", "CheckpointEvent", "ClosedEvent");
        assertThat(events(OpenedEvent.class).get(0)).isEqualTo(new OpenedEvent(FOLDER, 1, 0));
        FlushEvent flush = events(FlushEvent.class).get(1);
        assertThat(flush.memtables()).isEqualTo(1);
        assertThat(flush.files()).isEqualTo(1);
        assertThat(flush.bytes()).isPositive();
        assertThat(flush.sequence()).isEqualTo(2);
        CompactionEvent compaction = events(CompactionEvent.class).get(0);
        assertThat(compaction.inputFiles()).isEqualTo(2);
        assertThat(compaction.outputFiles()).isEqualTo(1);
        assertThat(compaction.bytesRead()).isGreaterThan(compaction.bytesWritten());
        assertThat(compaction.line()).startsWith("CompactionEvent family=1 outputLevel=").contains(" inputFiles=2 outputFiles=1 bytesRead=");
        CheckpointEvent checkpoint = events(CheckpointEvent.class).get(0);
        assertThat(checkpoint.sequence()).isEqualTo(3);
        assertThat(checkpoint.files()).isEqualTo(1);
        assertThat(checkpoint.logPieces()).isEqualTo(1);
        assertThat(events(ClosedEvent.class)).containsExactly(new ClosedEvent(FOLDER));
        events.clear();
        LsmStore.open(FOLDER, options(Durability.SYNC_EACH).build()).close();
        assertThat(events(RecoveryEvent.class)).containsExactly(new RecoveryEvent(1, 3, 0));
    }

    @Test
    void aFailureIsAnEventWithItsCause() throws IOException {
        LsmStore store = LsmStore.open(FOLDER, options(Durability.NO_LOG).build());
        ColumnFamily family = store.createFamily(FamilyOptions.builder("f").build());
        store.put(family, new byte[] {1}, new byte[100]);
        IOException full = new IOException("no space left on device");
        vfs.before((kind, path) -> {
            if (kind == FaultyVfs.Kind.APPEND) {
                throw full;
            }
        });
        assertThatThrownBy(store::flush).hasStackTraceContaining("no space left");
        assertThat(events(FailureEvent.class)).containsExactly(new FailureEvent("flush", full));
        store.discard();
    }

    @Test
    void aStallNamesTheLimitAndHowLong() throws IOException {
        Queue<Runnable> never = new ConcurrentLinkedQueue<>();
        StoreOptions options = options(Durability.NO_LOG).memtableBytes(1 << 20).maxFrozenMemtables(1).executor(never::add).build();
        try (LsmStore store = LsmStore.open(FOLDER, options)) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("f").build());
            for (int i = 0; i < 400; i++) {
                store.put(family, new byte[] {(byte) (i >> 8), (byte) i}, new byte[10_000]);
            }
            List<StallEvent> stalls = events(StallEvent.class).stream().filter(stall -> stall.reason() == StallReason.FROZEN_MEMTABLES).toList();
            assertThat(stalls).isNotEmpty().allSatisfy(stall -> {
                assertThat(stall.found()).isEqualTo(1);
                assertThat(stall.limit()).isEqualTo(options.maxFrozenMemtables());
                assertThat(stall.duration()).isPositive();
                assertThat(stall.reason().option()).isEqualTo("maxFrozenMemtables");
            });
            StoreStatistics statistics = store.statistics();
            assertThat(statistics.get(StoreMetric.STALL_MEMTABLE_COUNT)).isEqualTo(stalls.size());
            StoreHistogram latency = statistics.histogram(StoreMetric.PUT_LATENCY);
            assertThat(latency.max()).as("the longest put waited").isGreaterThanOrEqualTo(stalls.get(0).duration().toNanos());
            assertThat(latency.count()).as("measured writes stand for all").isBetween(350L, 450L);
            assertThat(latency.quantile(0.5)).isLessThan(latency.max());
        }
    }

    /** A flush that is under way would add a file to a family that is gone. */
    @Test
    void aFamilyIsDroppedWhileAFlushIsUnderWay() throws Exception {
        CountDownLatch flushing = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (LsmStore store = LsmStore.open(FOLDER, options(Durability.GROUP_COMMIT).build())) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("f").build());
            ColumnFamily gone = store.createFamily(FamilyOptions.builder("gone").build());
            store.put(family, new byte[] {1}, new byte[] {1});
            store.put(gone, new byte[] {1}, new byte[] {1});
            vfs.before((kind, path) -> {
                if (kind == FaultyVfs.Kind.CREATE && path.toString().endsWith(".sst")) {
                    flushing.countDown();
                    try {
                        goOn.await();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
            });
            AtomicReference<Throwable> failure = new AtomicReference<>();
            Thread flush = started(store::flush, failure);
            flushing.await();
            Thread drop = started(() -> store.dropFamily(gone), failure);
            while (drop.getState() != Thread.State.TIMED_WAITING && drop.isAlive()) {
                Thread.onSpinWait();
            }
            goOn.countDown();
            flush.join();
            drop.join();
            assertThat(failure.get()).isNull();
            store.put(family, new byte[] {2}, new byte[] {2});
            assertThat(store.get(family, new byte[] {1})).containsExactly(1);
            assertThat(store.family("gone")).isNull();
        }
    }

    private interface Work {
        void run() throws IOException;
    }

    private static Thread started(Work work, AtomicReference<Throwable> failure) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Throwable e) {
                failure.set(e);
            }
        });
        thread.start();
        return thread;
    }

    @Test
    void eachMetricHasAValueAndARowOfItsPage() throws IOException {
        try (LsmStore store = LsmStore.open(FOLDER, options(Durability.NO_LOG).build())) {
            StoreStatistics statistics = store.statistics();
            String page = MetricsPage.table();
            for (StoreMetric metric : StoreMetric.values()) {
                if (metric.kind() == StoreMetric.Kind.HISTOGRAM) {
                    assertThat(statistics.histogram(metric).count()).isZero();
                    assertThatThrownBy(() -> statistics.get(metric)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining(metric.id());
                } else {
                    assertThat(statistics.get(metric)).as(metric.id()).isNotNegative();
                    assertThat(StoreMetric.ofId(metric.id())).isEqualTo(metric);
                    assertThatThrownBy(() -> statistics.histogram(metric)).isInstanceOf(IllegalArgumentException.class);
                }
                assertThat(metric.description()).endsWith(".").doesNotContain("\n");
                assertThat(page).contains("| `" + metric.id() + "` | ");
            }
            assertThat(statistics.get("files")).isZero();
            assertThatThrownBy(() -> statistics.get("fires")).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("fires")
                    .hasMessageContaining("files.bytes");
            assertThat(page.lines().filter(line -> line.startsWith("| `"))).hasSize(StoreMetric.values().length);
            assertThat(Stream.of(StoreMetric.values()).map(StoreMetric::id)).doesNotHaveDuplicates();
        }
    }

    @Test
    void aHistogramGivesQuantilesWithinAQuarter() {
        LatencyHistogram histogram = new LatencyHistogram();
        assertThat(histogram.snapshot().quantile(0.5)).isZero();
        for (long value = 1; value <= 100_000; value++) {
            histogram.record(value, 1);
        }
        histogram.record(Long.MAX_VALUE, 1);
        StoreHistogram snapshot = histogram.snapshot();
        assertThat(snapshot.count()).isEqualTo(100_001);
        assertThat(snapshot.max()).isEqualTo(Long.MAX_VALUE);
        assertThat(snapshot.quantile(0.5)).isBetween(50_000L, 62_500L);
        assertThat(snapshot.quantile(0.99)).isBetween(99_000L, 124_000L);
        assertThat(snapshot.quantile(1)).isEqualTo(Long.MAX_VALUE);
        for (int bucket = 1; bucket < 248; bucket++) {
            assertThat(StoreHistogram.bucket(StoreHistogram.upper(bucket))).isEqualTo(bucket);
            assertThat(StoreHistogram.bucket(StoreHistogram.upper(bucket - 1) + 1)).isEqualTo(bucket);
        }
    }
}
