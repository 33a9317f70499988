package io.qaexchange.events.publish;

import com.sun.management.ThreadMXBean;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.Field;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import java.lang.management.ManagementFactory;
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

    /** The hand-off alone: median and 99.9% of the calls, and what they allocate on the caller's thread. */
    public record Figures(double medianNs, double p999Ns, double bytesPerEvent) {
    }

    /** Measures one thread, after as long a warm-up. */
    public static Figures measure(long perSecond, int seconds) {
        EventPublisher publisher = new EventPublisher(PublisherOptions.of("events", "none:9092"), new Discarding()).start();
        try {
            measure(publisher, perSecond, seconds, "warm-up");
            return measure(publisher, perSecond, seconds, "measured");
        } finally {
            publisher.close();
        }
    }

    public static void main(String[] args) throws InterruptedException {
        long perSecond = args.length > 0 ? Long.parseLong(args[0]) : 200_000;
        int seconds = args.length > 1 ? Integer.parseInt(args[1]) : 5;
        int threads = args.length > 2 ? Integer.parseInt(args[2]) : 1;
        EventPublisher publisher = new EventPublisher(PublisherOptions.of("events", "none:9092"), new Discarding()).start();
        measure(publisher, perSecond, seconds, "warm-up");
        Thread[] others = new Thread[threads - 1];
        for (int i = 0; i < others.length; i++) {
            others[i] = new Thread(() -> measure(publisher, perSecond, seconds, "other"));
            others[i].start();
        }
        measure(publisher, perSecond, seconds, "measured");
        for (Thread other : others) {
            other.join();
        }
        publisher.close();
        System.out.println(publisher.counts());
    }

    private static Figures measure(EventPublisher publisher, long perSecond, int seconds, String label) {
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
        long allocated = bean.getThreadAllocatedBytes(self) - allocatedBefore;
        System.err.printf("%s: %d events of %d bytes, %.3f bytes allocated per event%n", label, count, builder.encodedLength(),
                (double) allocated / count);
        print("set ten fields", fill);
        print("offer", offer);
        print("the clock alone", clock);
        return new Figures(offer.getValueAtPercentile(50), offer.getValueAtPercentile(99.9), (double) allocated / count);
    }

    private static void print(String what, Histogram ns) {
        System.err.printf("  %-16s ns: p50 %d, p90 %d, p99 %d, p99.9 %d, max %d%n", what, ns.getValueAtPercentile(50),
                ns.getValueAtPercentile(90), ns.getValueAtPercentile(99), ns.getValueAtPercentile(99.9), ns.getMaxValue());
    }
}
