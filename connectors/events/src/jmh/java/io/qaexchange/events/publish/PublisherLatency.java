package io.qaexchange.events.publish;

import com.sun.management.ThreadMXBean;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.Field;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.HdrHistogram.Histogram;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * How long {@link EventPublisher#offer} takes at a steady rate, and what it allocates on the caller's thread. The producer behind it
 * answers at once and keeps nothing. Arguments: events per second (default 200000), seconds (default 5), threads (default 1).
 */
public final class PublisherLatency {

    private static final int PRICE_TICKS = 1000;

    private PublisherLatency() {
    }

    private static final class Discarding extends MockProducer<byte[], byte[]> {
        private static final Future<RecordMetadata> DONE = CompletableFuture.completedFuture(null);

        Discarding() {
            super(true, null, new ByteArraySerializer(), new ByteArraySerializer());
        }

        @Override
        public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
            callback.onCompletion(null, null);
            return DONE;
        }
    }

    /** The hand-off alone: median and 99.9% of the calls of all threads, and what they allocate on the callers' threads. */
    public record Figures(double medianNs, double p999Ns, double bytesPerEvent) {
    }

    /** The figures of one thread. */
    private record Calls(Histogram fill, Histogram offer, Histogram clock, long allocated) {

        Calls with(Calls other) {
            fill.add(other.fill);
            offer.add(other.offer);
            clock.add(other.clock);
            return new Calls(fill, offer, clock, allocated + other.allocated);
        }
    }

    /**
     * Measures, after as long a warm-up.
     *
     * @param perSecond events per second of each thread
     */
    public static Figures measure(long perSecond, int seconds, int threads) {
        EventPublisher publisher = new EventPublisher(PublisherOptions.of("events", "none:9092"), new Discarding()).start();
        try {
            measure(publisher, perSecond, seconds, threads, "warm-up");
            return measure(publisher, perSecond, seconds, threads, "measured");
        } finally {
            publisher.close();
        }
    }

    public static void main(String[] args) {
        long perSecond = args.length > 0 ? Long.parseLong(args[0]) : 200_000;
        int seconds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        int threads = args.length > 2 ? Integer.parseInt(args[2]) : 1;
        measure(perSecond, seconds, threads);
    }

    private static Figures measure(EventPublisher publisher, long perSecond, int seconds, int threads, String label) {
        List<CompletableFuture<Calls>> others = new ArrayList<>();
        for (int i = 1; i < threads; i++) {
            CompletableFuture<Calls> other = new CompletableFuture<>();
            others.add(other);
            new Thread(() -> other.completeAsync(() -> offer(publisher, perSecond, seconds), Runnable::run), "offering-" + i).start();
        }
        Calls calls = offer(publisher, perSecond, seconds);
        for (CompletableFuture<Calls> other : others) {
            calls = calls.with(other.join());
        }
        double bytesPerEvent = (double) calls.allocated() / calls.offer().getTotalCount();
        System.err.printf("%s: %d threads, %d events, %.3f bytes allocated per event%n", label, threads, calls.offer().getTotalCount(), bytesPerEvent);
        print("set ten fields", calls.fill());
        print("offer", calls.offer());
        print("the clock alone", calls.clock());
        return new Figures(calls.offer().getValueAtPercentile(50), calls.offer().getValueAtPercentile(99.9), bytesPerEvent);
    }

    private static Calls offer(EventPublisher publisher, long perSecond, int seconds) {
        Histogram fill = new Histogram(10_000_000_000L, 3);
        Histogram offer = new Histogram(10_000_000_000L, 3);
        Histogram clock = new Histogram(10_000_000_000L, 3);
        RecordType type = EventSchema.get().table("trade");
        Field price = type.field("price");
        Field volume = type.field("volume");
        Field direction = type.field("direction");
        Field offset = type.field("offset");
        Field kind = type.field("kind");
        Field tradeId = type.field("trade_id");
        Field account = type.field("account");
        EventBuilder builder = new EventBuilder();
        ThreadMXBean bean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long self = Thread.currentThread().getId();
        long count = perSecond * seconds;
        long gapNs = 1_000_000_000L / perSecond;
        long due = System.nanoTime();
        long allocatedBefore = bean.getThreadAllocatedBytes(self);
        for (long i = 0; i < count; i++) {
            while (System.nanoTime() < due) {
                Thread.onSpinWait();
            }
            due += gapNs;
            long t0 = System.nanoTime();
            builder.start(type).eventTime(t0).instrument("SHFE.rb2605").set(tradeId, "T1234567890").set(account, "A0001")
                    .set(direction, 1).set(offset, 1).set(kind, 0).set(price, (double) (3000 + i % PRICE_TICKS)).set(volume, 3.0);
            long t1 = System.nanoTime();
            publisher.offer(builder);
            long t2 = System.nanoTime();
            clock.recordValue(System.nanoTime() - t2);
            fill.recordValue(t1 - t0);
            offer.recordValue(t2 - t1);
        }
        return new Calls(fill, offer, clock, bean.getThreadAllocatedBytes(self) - allocatedBefore);
    }

    private static void print(String what, Histogram ns) {
        System.err.printf("  %-16s ns: p50 %d, p90 %d, p99 %d, p99.9 %d, max %d%n", what, ns.getValueAtPercentile(50),
                ns.getValueAtPercentile(90), ns.getValueAtPercentile(99), ns.getValueAtPercentile(99.9), ns.getMaxValue());
    }
}
