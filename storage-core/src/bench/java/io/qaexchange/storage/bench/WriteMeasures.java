package io.qaexchange.storage.bench;

import io.qaexchange.storage.bench.BenchContext.Run;
import io.qaexchange.storage.bench.Contender.Log;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/** Puts under each durability, list append, checkpoints on the writer's thread. */
final class WriteMeasures {
    private static final int BATCH = 1000;
    private static final int GROUPED_PER_SECOND = 20_000;

    private final BenchContext bench;

    WriteMeasures(BenchContext bench) {
        this.bench = bench;
    }

    /** Both contenders on a small store, so that neither measures the compiler. */
    void warmUp() throws Exception {
        BenchContext.step("warm-up");
        int small = Math.min(bench.records, bench.full ? 150_000 : 100_000);
        for (int round = 0; round < 2; round++) {
            for (int which = 0; which < 2; which++) {
                try (Run run = bench.open(which, Log.values()[round], false)) {
                    for (int i = 0; i < small; i++) {
                        bench.put(run.contender, i);
                    }
                    writeCheckpoint(run.contender);
                    run.contender.flush();
                    for (int i = 0; i < small; i++) {
                        bench.kept += run.contender.get((i & 1) == 0 ? bench.absentKey(i) : bench.key(i));
                    }
                    bench.kept += run.contender.scan(bench.key(0), small);
                }
            }
        }
    }

    private void writeCheckpoint(Contender contender) throws Exception {
        Path folder = bench.newFolder();
        Files.delete(folder);
        contender.checkpointToEnd(folder);
        BenchContext.delete(folder);
    }

    /** Puts with the log on; the stores of {@link StoreMeasures} have none. */
    void logged() throws Exception {
        BenchContext.step("put with WAL");
        double[] perSecond = BenchContext.none();
        Measured[] measured = new Measured[perSecond.length];
        double[] amplification = BenchContext.none();
        double[] reopenMillis = BenchContext.none();
        for (int which : bench.contenders) {
            try (Run run = bench.openCounted(which, Log.BUFFERED)) {
                measured[which] = Measured.of(run.contender, bench.records, bench::put);
                perSecond[which] = measured[which].perSecond();
                BenchContext.waits(run);
                run.contender.awaitIdle();
                amplification[which] = run.contender.bytesWritten() / bench.userBytes();
                run.contender.close();
                long started = System.nanoTime();
                run.reopen(Log.BUFFERED, false);
                bench.kept += run.contender.get(bench.key(bench.records - 1));
                reopenMillis[which] = (System.nanoTime() - started) / 1e6;
            }
        }
        bench.results.compare("put, WAL, not synced per write", "ops/s", perSecond, true, 3);
        bench.results.bound("put, WAL, p99", "us", Measured.micros(measured, 99), false, 3, true);
        bench.results.compare("put, WAL, p99.9", "us", Measured.micros(measured, 99.9), false, 0);
        bench.results.bound("put, WAL, p99.99", "us", Measured.micros(measured, 99.99), false, 5_000, bench.full);
        bench.results.bound("put, WAL, longest", "us", Measured.micros(measured, 100), false, 50_000, bench.full);
        bench.results.bound("write amplification, WAL", "x", amplification, false, 2.5, bench.records >= 30_000_000);
        bench.results.compare("reopen and first get, WAL to replay", "ms", reopenMillis, false, 0);
    }

    void syncedBatches() throws Exception {
        BenchContext.step("synced batches");
        // As many as fill the write buffers of both some times: what is slow are the syncs beside a flush, and with 300 only ours flushed,
        // whose records take more room in memory.
        int batches = 1_000;
        Measured[] measured = new Measured[2];
        for (int which = 0; which < 2; which++) {
            try (Run run = bench.open(which, Log.SYNCED, false)) {
                Measured.of(run.contender, batches / 10, this::writeBatch);
                measured[which] = Measured.of(run.contender, batches, this::writeBatch);
            }
        }
        bench.results.bound("put in synced batches of 1,000", "records/s", measured[0].perSecond() * BATCH, measured[1].perSecond() * BATCH, true, 800_000,
                bench.full);
        bench.results.compare("synced batch of 1,000, p99", "us", measured[0].micros(99), measured[1].micros(99), false, 0);
    }

    private void writeBatch(Contender contender, int batch) throws Exception {
        for (int i = 0; i < BATCH; i++) {
            bench.addToBatch(contender, (int) (((long) batch * BATCH + i) % bench.records));
        }
        contender.writeBatch();
    }

    /** From the put until the record is known to be on disk, at a steady rate; RocksDB has no commit by timer. */
    void groupCommit() throws Exception {
        BenchContext.step("group commit");
        double syncP99 = syncLatency(bench.base).getValueAtPercentile(99) / 1000.0;
        int puts = GROUPED_PER_SECOND * (bench.full ? 20 : 2);
        Histogram latency = new Histogram(60_000_000_000L, 3);
        try (Run run = bench.open(BenchContext.OURS, Log.GROUPED, false)) {
            LsmContender ours = (LsmContender) run.contender;
            long[] begun = new long[puts + 1];
            Thread watcher = new Thread(() -> watch(ours, begun, latency), "bench-durable");
            watcher.start();
            long started = System.nanoTime();
            for (int i = 0; i < puts; i++) {
                long due = started + i * 1_000_000_000L / GROUPED_PER_SECOND;
                while (System.nanoTime() < due) {
                    LockSupport.parkNanos(20_000);
                }
                begun[i + 1] = System.nanoTime();
                bench.put(ours, i % bench.records);
            }
            watcher.join();
        }
        bench.results.bound("group commit, put to durable, p99", "ms", latency.getValueAtPercentile(99) / 1e6, Double.NaN, false,
                10 + 1.2 * syncP99 / 1000, true);
        bench.results.bound("group commit, put to durable, p50", "ms", latency.getValueAtPercentile(50) / 1e6, Double.NaN, false, Double.NaN, false);
        bench.results.bound("fdatasync of the same disk, p99", "us", syncP99, Double.NaN, false, Double.NaN, false);
    }

    private static void watch(LsmContender ours, long[] begun, Histogram latency) {
        int seen = 0;
        while (seen < begun.length - 1) {
            long durable = Math.min(ours.store().durableSequence(), begun.length - 1);
            long now = System.nanoTime();
            for (; seen < durable; seen++) {
                latency.recordValue(now - begun[seen + 1]);
            }
            LockSupport.parkNanos(50_000);
        }
    }

    /** The time of a sync of a group's bytes on this disk, in ns. */
    static Histogram syncLatency(Path base) throws Exception {
        Histogram latency = new Histogram(60_000_000_000L, 3);
        Path folder = Files.createTempDirectory(base, "engine-bench");
        try (FileChannel file = FileChannel.open(folder.resolve("synced"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            ByteBuffer group = ByteBuffer.allocateDirect(100 * (Workload.KEY_BYTES + Workload.VALUE_BYTES));
            for (int i = 0; i < 300; i++) {
                file.write(group.clear());
                long started = System.nanoTime();
                file.force(false);
                latency.recordValue(System.nanoTime() - started);
            }
        }
        BenchContext.delete(folder);
        return latency;
    }

    void appends() throws Exception {
        BenchContext.step("list append");
        int operations = Math.min(bench.records, 1_000_000);
        byte[] element = new byte[16];
        Measured[] measured = new Measured[2];
        for (int which = 0; which < 2; which++) {
            try (Run run = bench.open(which, Log.NONE, false)) {
                measured[which] = Measured.of(run.contender, operations, (contender, i) -> contender.append(bench.key(i % 10_000), element));
            }
        }
        bench.results.compare("list append, no WAL", "ops/s", measured[0].perSecond(), measured[1].perSecond(), true, 2);
    }

    /** Checkpoints between puts: how long the writer cannot write. RocksDB flushes for each, so it makes fewer. */
    void checkpoints() throws Exception {
        BenchContext.step("checkpoints");
        int[] count = {bench.full ? 1_000 : 200, bench.full ? 40 : 10};
        Histogram[] wall = {new Histogram(60_000_000_000L, 3), new Histogram(60_000_000_000L, 3)};
        Histogram[] cpu = {new Histogram(60_000_000_000L, 3), new Histogram(60_000_000_000L, 3)};
        com.sun.management.ThreadMXBean threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
        for (int which = 0; which < 2; which++) {
            try (Run run = bench.open(which, Log.NONE, false)) {
                int every = bench.records / count[which];
                for (int i = 0, taken = 0; i < bench.records; i++) {
                    bench.put(run.contender, i);
                    if (i % every == every - 1) {
                        Path folder = run.directory.resolve("checkpoint-" + taken++);
                        long cpuBefore = threads.getCurrentThreadCpuTime();
                        long before = System.nanoTime();
                        run.contender.checkpoint(folder);
                        long took = System.nanoTime() - before;
                        long cpuTook = threads.getCurrentThreadCpuTime() - cpuBefore;
                        // The first ones load classes.
                        if (taken > count[which] / 10) {
                            wall[which].recordValue(took);
                            cpu[which].recordValue(cpuTook);
                        }
                    }
                }
            }
        }
        bench.results.bound("checkpoint on the writer's thread, wall p99", "ms", wall[0].getValueAtPercentile(99) / 1e6, wall[1].getValueAtPercentile(99) / 1e6,
                false, 1, true);
        bench.results.bound("checkpoint on the writer's thread, CPU p99.9", "ms", cpu[0].getValueAtPercentile(99.9) / 1e6,
                cpu[1].getValueAtPercentile(99.9) / 1e6, false, 1, bench.full);
    }
}
