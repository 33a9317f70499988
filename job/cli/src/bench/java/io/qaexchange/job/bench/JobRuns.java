package io.qaexchange.job.bench;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.model.OperatorUids;
import io.qaexchange.job.stream.ExchangeJob;
import io.qaexchange.job.stream.JobOption;
import io.qaexchange.job.stream.JobOptions;
import io.qaexchange.kafka.DecodeFunction;
import io.qaexchange.kafka.EventSource;
import io.qaexchange.kafka.KafkaMessage;
import java.io.IOException;
import java.io.Serializable;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.ToLongFunction;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.StateRecoveryOptions;
import org.apache.flink.configuration.TaskManagerOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** Single runs of the job in this process, each in a folder of its own. */
final class JobRuns {

    /** The job on our engine with the ledger turned off. */
    static final String WITHOUT_LEDGER = "no-ledger";

    private static final Duration STALLED = Duration.ofMinutes(10);
    private static final long POLL_MS = 20;
    /** Between two looks at metrics, as asking for a quantile sorts. */
    private static final Duration METRICS_INTERVAL = Duration.ofMillis(500);
    private static final double MB = 1e6;
    private static final long BYTES_PER_EVENT = 130;
    /** Rounds of archiving in a run, at least, so that they happen while events come in. */
    private static final int BATCHES = 3;
    /** Bytes of a round, at most: what a job takes by default. */
    private static final long BATCH_BYTES = 16 << 20;
    /** The same where rounds are to follow each other at rates below what the job can take. */
    private static final long PACED_BATCH_BYTES = 4 << 20;

    /**
     * The figures of a run.
     *
     * @param events messages
     * @param ingestNs from the first to the last message at the source
     * @param wholeNs from the first message until everything was archived
     * @param cpuNs processor time of the process within {@code ingestNs}
     * @param pauseMs 99.9% of the archiving slices on a task thread took at most this
     * @param pauseCpuMs and at most this of its processor time
     * @param slicesNs processor time of all slices
     * @param rawBytes stored bytes that were archived
     * @param parquetBytes bytes of their files
     * @param sliceBytes stored bytes archived while slices ran
     * @param ledgerPauseMs 99.9% of the checkpoints held up a task thread for at most this to write the ledger's objects, in processor time
     * @param threads processor time of the whole run by what threads do, ns
     */
    record Run(long events, long ingestNs, long wholeNs, long cpuNs, double pauseMs, double pauseCpuMs, long slicesNs, long rawBytes, long parquetBytes,
            long sliceBytes, double ledgerPauseMs, Map<String, Long> threads) implements Serializable {

        double eventsPerSecond() {
            return events * 1e9 / ingestNs;
        }

        double wholePerSecond() {
            return events * 1e9 / wholeNs;
        }

        double cpuMicros() {
            return cpuNs / 1e3 / events;
        }

        /** Per second of processor time, as for writing: by the clock a slice also waits for its turn on busy cores. */
        double taskMbPerSecond() {
            return sliceBytes * 1e3 / slicesNs;
        }

        /** As {@link #taskMbPerSecond}, of the threads that write the files. */
        double writerMbPerSecond() {
            return rawBytes * 1e3 / threads.getOrDefault(ThreadTimes.ARCHIVE_WRITER, 1L);
        }

        /** Processor time of the job's own threads over the whole run, for each event. */
        double jobMicros() {
            return ThreadTimes.ofJob(threads) / 1e3 / events;
        }

        /** Processor time of a group of threads over the whole run, for each event. */
        double micros(String group) {
            return threads.getOrDefault(group, 0L) / 1e3 / events;
        }
    }

    /**
     * The effect of archiving on a job that gets its messages at a rate that it can take.
     *
     * @param eventsPerSecond messages at the source
     * @param pauses how often a task thread was held up
     * @param rounds of archiving
     * @param archivingShare part of the time in which a subtask was archiving
     * @param medianMs half of the pauses were at most this, by the clock
     * @param p99Ms 99% of them
     * @param p999Ms 99.9% of them
     * @param p999CpuMs and at most this of the thread's processor time
     * @param load of the machine in the last minute: threads that want to run, of all processes
     * @param collections of garbage while messages came
     * @param collectionMs how long one took on average
     */
    record Paced(double eventsPerSecond, long pauses, long rounds, double archivingShare, double medianMs, double p99Ms, double p999Ms, double p999CpuMs, double load,
            long collections, double collectionMs) {
    }

    /** How long a failed task was away, and with how much state. */
    record Recovery(double ms, double hotMb) {
    }

    private final Path folder;
    private final int parallelism;
    private final String brokers;
    private int runs;

    /**
     * Runs in a folder.
     *
     * @param brokers have the topics {@code dead-letters} and {@link BenchMessages#TOPIC}
     */
    JobRuns(Path folder, int parallelism, String brokers) {
        this.folder = folder;
        this.parallelism = parallelism;
        this.brokers = brokers;
    }

    /**
     * Sends the messages to Kafka, each to its partition.
     *
     * @throws IOException if one could not be sent, as when the machine is too busy for the producer's patience
     */
    void fillTopic() throws IOException {
        AtomicReference<Exception> failure = new AtomicReference<>();
        Map<String, Object> properties = Map.of("bootstrap.servers", brokers, "linger.ms", 10, "compression.type", "lz4");
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            for (KafkaMessage[] partition : BenchMessages.partitions()) {
                for (KafkaMessage message : partition) {
                    producer.send(new ProducerRecord<>(BenchMessages.TOPIC, message.partition(), null, message.value()), (sent, exception) -> {
                        if (exception != null) {
                            failure.compareAndSet(null, exception);
                        }
                    });
                }
            }
        }
        if (failure.get() != null) {
            throw new IOException("the topic could not be filled", failure.get());
        }
    }

    Run fromMemory(String contender) throws Exception {
        return run(contender, BenchMessages::fromMemory);
    }

    Run fromKafka(String contender) throws Exception {
        return run(contender, environment -> BenchMessages.stamped(kafkaSource(environment, true)));
    }

    private DataStream<KafkaMessage> kafkaSource(StreamExecutionEnvironment environment, boolean bounded) {
        return environment.fromSource(EventSource.of(new EventSource.Options(brokers, List.of(BenchMessages.TOPIC),
                new EventSource.Start.Earliest(), bounded, Map.of())), WatermarkStrategy.noWatermarks(), "Kafka",
                new KafkaMessage.Serializer().typeInformation()).uid(OperatorUids.SOURCE);
    }

    private interface Source {
        DataStream<KafkaMessage> add(StreamExecutionEnvironment environment);
    }

    private Run run(String contender, Source source) throws Exception {
        boolean ceiling = contender.equals("ceiling");
        Path run = folder.resolve("run-" + runs++);
        boolean ledger = !contender.equals(WITHOUT_LEDGER);
        JobOptions options = options(run, ceiling ? "hashmap" : ledger ? contender : "lsm", ledger);
        StreamExecutionEnvironment environment = environment(run, options, false);
        BenchMessages.reset();
        DataStream<KafkaMessage> messages = source.add(environment);
        if (ceiling) {
            messages.process(new DecodeFunction()).returns(new IncomingEvent.Serializer().typeInformation())
                    .keyBy(IncomingEvent::routeKey, Types.STRING).sinkTo(new DiscardingSink<>());
        } else {
            ExchangeJob.connect(messages, options);
        }
        ThreadTimes times = new ThreadTimes();
        JobClient client = environment.executeAsync("bench");
        double pauseMs = 0;
        double pauseCpuMs = 0;
        double ledgerPauseMs = 0;
        long slicesNs = 1;
        long sliceBytes = 0;
        var end = client.getJobExecutionResult();
        long lookedNs = System.nanoTime();
        while (!end.isDone()) {
            times.look();
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
            if (System.nanoTime() - lookedNs < METRICS_INTERVAL.toNanos()) {
                continue;
            }
            lookedNs = System.nanoTime();
            pauseMs = Math.max(pauseMs, LiveMetrics.quantile("archivingSliceMicros", 0.999) / 1e3);
            pauseCpuMs = Math.max(pauseCpuMs, LiveMetrics.quantile("archivingSliceCpuMicros", 0.999) / 1e3);
            ledgerPauseMs = Math.max(ledgerPauseMs, LiveMetrics.quantile("ledgerWriteCpuMicros", 0.999) / 1e3);
            long archivingNs = LiveMetrics.sum("archivingCpuNs");
            if (archivingNs > slicesNs) {
                slicesNs = archivingNs;
                sliceBytes = LiveMetrics.sum("archivedBytes");
            }
        }
        end.get();
        long endNs = System.nanoTime();
        Map<String, Long> threads = times.byGroup();
        long rawBytes = 0;
        long parquetBytes = 0;
        if (!ceiling) {
            for (DataFile file : ManifestStore.of(new org.apache.flink.core.fs.Path(run.resolve("archive").toUri())).latest().files()) {
                rawBytes += file.rawBytes();
                parquetBytes += file.lengthBytes();
            }
        }
        JobBench.delete(run);
        long firstNs = BenchMessages.firstNs();
        return new Run(BenchMessages.count(), BenchMessages.lastNs() - firstNs, endNs - firstNs, BenchMessages.cpuNs(), pauseMs, pauseCpuMs, slicesNs, rawBytes,
                parquetBytes, sliceBytes, ledgerPauseMs, threads);
    }

    /** All messages at a rate, on our engine, in rounds so small that they follow each other; measured until the last one has come. */
    Paced paced(int perSecond) throws Exception {
        Path run = folder.resolve("run-" + runs++);
        Map<JobOption<?>, String> rounds = Map.of(JobOptions.BATCH_SIZE, PACED_BATCH_BYTES + " b", JobOptions.MIN_BATCH_SIZE, PACED_BATCH_BYTES + " b");
        JobOptions options = options(run, "lsm", true, rounds);
        StreamExecutionEnvironment environment = environment(run, options, false);
        BenchMessages.reset(perSecond);
        ExchangeJob.connect(BenchMessages.fromMemory(environment), options);
        var end = environment.executeAsync("bench").getJobExecutionResult();
        long looks = 0;
        long archiving = 0;
        long pauses = 0;
        long roundsDone = 0;
        double medianMs = 0;
        double p99Ms = 0;
        double p999Ms = 0;
        double p999CpuMs = 0;
        long collectionsBefore = -1;
        long collectingMsBefore = 0;
        long collections = 0;
        long collectingMs = 0;
        long lookedNs = System.nanoTime();
        while (!end.isDone()) {
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
            if (BenchMessages.firstNs() == 0 || BenchMessages.lastNs() != 0) {
                continue;
            }
            if (collectionsBefore < 0) {
                collectionsBefore = ofCollectors(GarbageCollectorMXBean::getCollectionCount);
                collectingMsBefore = ofCollectors(GarbageCollectorMXBean::getCollectionTime);
            }
            looks++;
            archiving += LiveMetrics.sum("archiving");
            if (System.nanoTime() - lookedNs >= METRICS_INTERVAL.toNanos()) {
                lookedNs = System.nanoTime();
                pauses = LiveMetrics.samples("archivingSliceMicros");
                roundsDone = LiveMetrics.sum("archivingRounds");
                medianMs = LiveMetrics.quantile("archivingSliceMicros", 0.5) / 1e3;
                p99Ms = LiveMetrics.quantile("archivingSliceMicros", 0.99) / 1e3;
                p999Ms = LiveMetrics.quantile("archivingSliceMicros", 0.999) / 1e3;
                p999CpuMs = LiveMetrics.quantile("archivingSliceCpuMicros", 0.999) / 1e3;
                collections = ofCollectors(GarbageCollectorMXBean::getCollectionCount) - collectionsBefore;
                collectingMs = ofCollectors(GarbageCollectorMXBean::getCollectionTime) - collectingMsBefore;
            }
        }
        end.get();
        JobBench.delete(run);
        if (pauses == 0) {
            throw new IOException("all messages had come before there was anything to measure: more of them, or a lower rate");
        }
        return new Paced(BenchMessages.count() * 1e9 / (BenchMessages.lastNs() - BenchMessages.firstNs()), pauses, roundsDone,
                (double) archiving / looks / parallelism, medianMs, p99Ms, p999Ms, p999CpuMs, ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage(),
                collections, collections == 0 ? 0 : (double) collectingMs / collections);
    }

    private static long ofCollectors(ToLongFunction<GarbageCollectorMXBean> figure) {
        return ManagementFactory.getGarbageCollectorMXBeans().stream().mapToLong(figure).sum();
    }

    /** Lets a task fail when all messages are stored and in a checkpoint, and waits until the state is back. */
    Recovery recovery(String backend, boolean local) throws Exception {
        Path run = folder.resolve("run-" + runs++);
        JobOptions options = options(run, backend, true);
        StreamExecutionEnvironment environment = environment(run, options, local);
        BenchMessages.reset();
        ExchangeJob.connect(BenchMessages.stamped(kafkaSource(environment, false)), options);
        JobClient client = environment.executeAsync("bench");
        await("all messages", () -> LiveMetrics.sum("consumed") >= BenchMessages.count() && LiveMetrics.sum("stored") > 0);
        long stored = LiveMetrics.sum("stored");
        while (true) {
            TimeUnit.MILLISECONDS.sleep(options.get(JobOptions.CHECKPOINT_INTERVAL).toMillis());
            long now = LiveMetrics.sum("stored");
            if (now == stored && LiveMetrics.sum("archiving") == 0) {
                break;
            }
            stored = now;
        }
        TimeUnit.MILLISECONDS.sleep(2 * options.get(JobOptions.CHECKPOINT_INTERVAL).toMillis());
        double hotMb = LiveMetrics.sum("storedBytes") / MB;
        long wanted = stored;
        BenchMessages.failAtNext();
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(Map.of("bootstrap.servers", brokers),
                new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>(BenchMessages.TOPIC, 0, null, new byte[0])).get();
        }
        await("failure", () -> BenchMessages.hasFailed() && LiveMetrics.sum("stored") < wanted);
        await("recovery", () -> LiveMetrics.sum("stored") >= wanted && LiveMetrics.sum("consumed") > 0);
        double ms = (System.nanoTime() - BenchMessages.failedNs()) / 1e6;
        client.cancel().get();
        try {
            client.getJobExecutionResult().get();
            throw new IOException("the job ended without being cancelled");
        } catch (java.util.concurrent.ExecutionException e) {
            JobBench.say("recovery of " + backend + " measured");
        }
        JobBench.delete(run);
        return new Recovery(ms, hotMb);
    }

    private interface Condition {
        boolean holds();
    }

    private static void await(String what, Condition condition) throws Exception {
        long deadlineNs = System.nanoTime() + STALLED.toNanos();
        while (!condition.holds()) {
            if (System.nanoTime() > deadlineNs) {
                throw new IOException("no " + what + " within " + STALLED.toMinutes() + " minutes");
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private JobOptions options(Path run, String backend, boolean ledger) throws IOException {
        return options(run, backend, ledger, Map.of());
    }

    private JobOptions options(Path run, String backend, boolean ledger, Map<JobOption<?>, String> others) throws IOException {
        Map<String, String> texts = new HashMap<>();
        texts.put(JobOptions.BROKERS.name(), brokers);
        texts.put(JobOptions.ARCHIVE.name(), run.resolve("archive").toString());
        texts.put(JobOptions.CHECKPOINTS.name(), run.resolve("checkpoints").toString());
        texts.put(JobOptions.CHECKPOINT_INTERVAL.name(), "2 s");
        texts.put(JobOptions.CHECK_INTERVAL.name(), "100 ms");
        texts.put(JobOptions.MIN_BATCH_SIZE.name(), Math.min(BATCH_BYTES, BenchMessages.count() * BYTES_PER_EVENT / parallelism / BATCHES) + " b");
        texts.put(JobOptions.BACKEND.name(), backend);
        texts.put(JobOptions.LEDGER_ENABLED.name(), Boolean.toString(ledger));
        texts.put(JobOptions.INSTRUMENTS.name(),
                Files.writeString(Files.createDirectories(run).resolve("instruments.yaml"), Instruments.exampleYaml()).toString());
        texts.put(JobOptions.PARALLELISM.name(), Integer.toString(parallelism));
        others.forEach((option, text) -> texts.put(option.name(), text));
        return JobOptions.of(texts, "bench");
    }

    private StreamExecutionEnvironment environment(Path run, JobOptions options, boolean local) throws IOException {
        Configuration configuration = ExchangeJob.flinkConfiguration(options);
        configuration.set(CoreOptions.TMP_DIRS, Files.createDirectories(run.resolve("tmp")).toString());
        configuration.set(RestOptions.BIND_PORT, "0");
        configuration.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
        configuration.set(CheckpointingOptions.LOCAL_BACKUP_ENABLED, local);
        configuration.set(StateRecoveryOptions.LOCAL_RECOVERY, local);
        configuration.set(TaskManagerOptions.MANAGED_MEMORY_SIZE, MemorySize.ofMebiBytes(512));
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "fixed-delay");
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_ATTEMPTS, 1);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY_FIXED_DELAY_DELAY, Duration.ZERO);
        configuration.setString("metrics.reporters", "live");
        configuration.setString("metrics.reporter.live.factory.class", LiveMetrics.Factory.class.getName());
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(parallelism, configuration);
        ExchangeJob.configure(environment, options);
        return environment;
    }
}
