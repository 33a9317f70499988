package io.qaexchange.job.cli.data;

import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.generator.GeneratedMessage;
import io.qaexchange.kafka.KafkaConnection;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends generated messages to Kafka, at full speed or at a given rate, idempotently and keyed by route key. Retries while Kafka does not
 * answer.
 *
 * <p>Runs in a thread of its own from {@link #start}; {@link #sent} may be asked from any thread.
 */
public final class Feeder {

    private static final long FAILURE_CHECK_MESSAGES = 256;
    private static final double NANOS_PER_SECOND = 1e9;
    private static final double MAX_BEHIND_NS = 1e8;
    private static final String DELIVERY_TIMEOUT_MS = "600000";

    private final KafkaConnection kafka;
    private final String topic;
    private final EventGenerator generator;
    private volatile long sent;
    private volatile double messagesPerSecond = Double.POSITIVE_INFINITY;
    private volatile boolean stopped;
    private volatile Thread thread;

    public Feeder(KafkaConnection kafka, String topic, long seed, long messages) {
        this(kafka, topic, new EventGenerator(seed, messages));
    }

    /** Sends what that generator makes from now on. */
    public Feeder(KafkaConnection kafka, String topic, EventGenerator generator) {
        this.kafka = kafka;
        this.topic = topic;
        this.generator = generator;
    }

    /** Begins to send; the result is complete when all is acknowledged, or with the failure. */
    public CompletableFuture<EventGenerator> start() {
        CompletableFuture<EventGenerator> done = new CompletableFuture<>();
        thread = new Thread(() -> {
            try {
                send();
                done.complete(generator);
            } catch (Exception | AssertionError e) {
                done.completeExceptionally(e);
            }
        }, "feeder");
        thread.setDaemon(true);
        thread.start();
        return done;
    }

    /** Messages handed to the producer so far. */
    public long sent() {
        return sent;
    }

    /** Sets the pace from now on; infinite: as fast as Kafka takes it. */
    public void setRate(double newMessagesPerSecond) {
        messagesPerSecond = newMessagesPerSecond;
        LockSupport.unpark(thread);
    }

    /** Sends no more; what was sent is still acknowledged. */
    public void stop() {
        stopped = true;
        LockSupport.unpark(thread);
    }

    private void send() throws Exception {
        Map<String, Object> properties = kafka.client(Map.of(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, "true", ProducerConfig.LINGER_MS_CONFIG, "10",
                ProducerConfig.COMPRESSION_TYPE_CONFIG, "lz4", ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVERY_TIMEOUT_MS,
                ProducerConfig.MAX_BLOCK_MS_CONFIG, DELIVERY_TIMEOUT_MS));
        AtomicReference<Exception> failure = new AtomicReference<>();
        try (KafkaProducer<byte[], byte[]> producer =
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())) {
            double dueNs = System.nanoTime();
            while (generator.hasNext()) {
                dueNs = await(dueNs);
                if (stopped) {
                    break;
                }
                GeneratedMessage message = generator.next();
                producer.send(new ProducerRecord<>(topic, message.kafkaKey(), message.value()), (metadata, exception) -> {
                    if (exception != null) {
                        failure.compareAndSet(null, exception);
                    }
                });
                sent = generator.position();
                if (sent % FAILURE_CHECK_MESSAGES == 0 && failure.get() != null) {
                    break;
                }
            }
            producer.flush();
        }
        if (failure.get() != null) {
            throw failure.get();
        }
        sent = generator.position();
    }

    /** Waits until a message is due; answers when the next one is. Time that was lost is not made up for. */
    private double await(double dueNs) {
        double rate = messagesPerSecond;
        if (Double.isInfinite(rate)) {
            return System.nanoTime();
        }
        for (double wait = dueNs - System.nanoTime(); wait > 0 && rate == messagesPerSecond && !stopped; wait = dueNs - System.nanoTime()) {
            LockSupport.parkNanos((long) wait);
        }
        return Math.max(dueNs, System.nanoTime() - MAX_BEHIND_NS) + NANOS_PER_SECOND / rate;
    }
}
