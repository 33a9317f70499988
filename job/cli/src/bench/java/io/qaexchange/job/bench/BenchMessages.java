package io.qaexchange.job.bench;

import com.sun.management.OperatingSystemMXBean;
import io.qaexchange.events.Arrival;
import io.qaexchange.events.Decoded;
import io.qaexchange.events.EventDecoder;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.generator.GeneratedMessage;
import io.qaexchange.kafka.KafkaMessage;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * A generated trading day in memory, in as many partitions as the job has subtasks, and when its first and last message passed the source.
 * Static, as Flink makes its functions anew: one run at a time.
 */
final class BenchMessages {

    static final String TOPIC = "events";
    private static final long SEED = 1;
    private static final double NANOS_PER_SECOND = 1e9;
    /** A thread that waits for its next message waits for all that are due until then. */
    private static final long MIN_WAIT_NS = 500_000;

    private static volatile KafkaMessage[][] partitions;
    private static volatile int perPartition;
    private static final AtomicLong FIRST_NS = new AtomicLong();
    private static final AtomicLong LAST_NS = new AtomicLong();
    private static volatile long firstCpuNs;
    private static volatile long lastCpuNs;
    /** Between two messages of a partition from memory; 0: as fast as they are taken. */
    private static volatile double gapNs;
    private static volatile boolean failAtNext;
    private static volatile long failedNs;

    private BenchMessages() {
    }

    /** Makes about that many messages; partitions have the same number, the rest is left out. */
    static void generate(int messages, int parallelism) {
        List<List<KafkaMessage>> lists = new ArrayList<>();
        for (int i = 0; i < parallelism; i++) {
            lists.add(new ArrayList<>(messages / parallelism + 1));
        }
        EventGenerator generator = new EventGenerator(SEED, messages);
        while (generator.hasNext()) {
            GeneratedMessage message = generator.next();
            int partition = Math.floorMod(Arrays.hashCode(message.kafkaKey()), parallelism);
            List<KafkaMessage> list = lists.get(partition);
            list.add(new KafkaMessage(TOPIC, partition, list.size(), 0, message.value()));
        }
        perPartition = lists.stream().mapToInt(List::size).min().orElseThrow();
        partitions = lists.stream().map(list -> list.subList(0, perPartition).toArray(new KafkaMessage[0])).toArray(KafkaMessage[][]::new);
    }

    static int count() {
        return perPartition * partitions.length;
    }

    static KafkaMessage[][] partitions() {
        return partitions;
    }

    /** The events of the messages in the order in which they are stored, each once. */
    static List<IncomingEvent> storedEvents() {
        List<IncomingEvent> events = new ArrayList<>();
        Set<String> known = new HashSet<>();
        EventDecoder decoder = new EventDecoder();
        for (KafkaMessage[] partition : partitions) {
            for (KafkaMessage message : partition) {
                Decoded decoded = decoder.decode(message.value());
                if (decoded.isAccepted()) {
                    Arrival arrival = new Arrival(1, message.topic(), message.partition(), message.offset());
                    byte[] key = EventIdentity.key(decoder.event(), arrival);
                    if (known.add(decoder.event().routeKey() + HexFormat.of().formatHex(key))) {
                        events.add(new IncomingEvent(decoder.event().routeKey(), key, decoded.event(), arrival));
                    }
                }
            }
        }
        return events;
    }

    /** The messages from memory. */
    static DataStream<KafkaMessage> fromMemory(StreamExecutionEnvironment environment) {
        return environment.fromSequence(0, count() - 1L).uid("memory").map(new Lookup()).returns(new KafkaMessage.Serializer().typeInformation())
                .uid("lookup");
    }

    /** Notes the passing of the first and last message of another source. */
    static DataStream<KafkaMessage> stamped(DataStream<KafkaMessage> messages) {
        return messages.map(new Stamp()).returns(new KafkaMessage.Serializer().typeInformation()).uid("stamp");
    }

    static void reset() {
        FIRST_NS.set(0);
        LAST_NS.set(0);
        gapNs = 0;
        failAtNext = false;
    }

    /** As {@link #reset()}; the next messages from memory come at this rate, if they are taken as fast. */
    static void reset(int perSecond) {
        reset();
        gapNs = NANOS_PER_SECOND * partitions.length / perSecond;
    }

    private static void awaitDue(int indexInPartition) {
        if (gapNs > 0) {
            long dueNs = FIRST_NS.get() + (long) (indexInPartition * gapNs);
            for (long leftNs = dueNs - System.nanoTime(); leftNs > 0; leftNs = dueNs - System.nanoTime()) {
                LockSupport.parkNanos(Math.max(leftNs, MIN_WAIT_NS));
            }
        }
    }

    /** Lets the next message that passes a stamp fail its task. */
    static void failAtNext() {
        failAtNext = true;
    }

    static boolean hasFailed() {
        return !failAtNext;
    }

    /** When the task failed. */
    static long failedNs() {
        return failedNs;
    }

    static long firstNs() {
        return FIRST_NS.get();
    }

    /** When the last message of the last partition passed. */
    static long lastNs() {
        return LAST_NS.get();
    }

    /** Processor time of this process between the first and the last message. */
    static long cpuNs() {
        return lastCpuNs - firstCpuNs;
    }

    private static void pass(long indexInPartition) {
        if (indexInPartition == 0 && FIRST_NS.compareAndSet(0, System.nanoTime())) {
            firstCpuNs = processCpuNs();
        }
        if (indexInPartition == perPartition - 1L) {
            LAST_NS.accumulateAndGet(System.nanoTime(), Math::max);
            lastCpuNs = processCpuNs();
        }
    }

    private static long processCpuNs() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    private static final class Lookup implements MapFunction<Long, KafkaMessage> {
        private static final long serialVersionUID = 1L;

        @Override
        public KafkaMessage map(Long index) {
            int at = (int) (index % perPartition);
            pass(at);
            awaitDue(at);
            return partitions[(int) (index / perPartition)][at];
        }
    }

    private static final class Stamp implements MapFunction<KafkaMessage, KafkaMessage> {
        private static final long serialVersionUID = 1L;

        @Override
        public KafkaMessage map(KafkaMessage message) {
            pass(message.offset());
            if (failAtNext) {
                failedNs = System.nanoTime();
                failAtNext = false;
                throw new IllegalStateException("the benchmark fails this task");
            }
            return message;
        }
    }
}
