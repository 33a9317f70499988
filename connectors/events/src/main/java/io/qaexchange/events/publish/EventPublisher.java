package io.qaexchange.events.publish;

import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventView;
import io.qaexchange.events.RecordType;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.DirectBuffer;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Publishes events to Kafka without blocking the caller. {@code offer} copies the event into a ring buffer and returns in about 100 ns,
 * without allocating. If the ring is full it returns {@code false}; it never waits. One thread in the background takes events from the ring
 * in the order in which they entered it, gathers them (100 events or 10 ms) and sends them, keyed by route key, with an idempotent
 * producer, so that events of a route key arrive once and in order.
 *
 * <p>An event that lacks source or sequence gets both here: the source is this publisher's ({@link #source()}), the sequence its own count, by which
 * the thread in the background numbers what it takes from the ring. So numbers are in the order of the ring whoever offers, and threads that
 * offer share one word only, the ring's tail.
 *
 * <p>Only events that Kafka acknowledged are durable. Events in the ring or in flight are lost if the process ends. A trading engine that
 * must not lose events compares {@link Counts#acknowledged} with the number of its offers. After {@link #close()}, offered = acknowledged +
 * failed.
 *
 * <p>Thread-safe: any number of threads may offer. Closing against offering: an offer claims its place in the ring before it looks
 * whether the publisher is closed, and closing marks it closed before it looks whether the ring is empty, so an offer that returned true is
 * always seen by the drain.
 */
public final class EventPublisher implements AutoCloseable {

    /**
     * Counts of the events so far.
     *
     * @param offered taken into the ring
     * @param sent given to the Kafka producer
     * @param acknowledged confirmed by the broker
     * @param refused not taken, as the ring was full or the publisher closed
     * @param failed taken, and given up: not sent or not confirmed
     */
    public record Counts(long offered, long sent, long acknowledged, long refused, long failed) {
    }

    private static final Logger LOG = LoggerFactory.getLogger(EventPublisher.class);
    /** Types of messages in the ring: events with a source and sequence of their own, and events that are numbered when they leave it. */
    private static final int OWN_IDENTITY = 1;
    private static final int TO_BE_NUMBERED = 2;
    /** Stands in the ring where the number will be. */
    private static final long NO_NUMBER = 0;
    private static final VarHandle SEQUENCE = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final int TEXT_HEADER_LENGTH = 2;
    private static final int SBE_HEADER_LENGTH = 8;
    private static final int SEQUENCE_OFFSET_IN_BLOCK = 8;
    private static final long IDLE_NS = 200_000;
    private static final long NANOS_PER_MS = 1_000_000;
    private static final Duration DRAIN_TIME = Duration.ofSeconds(30);
    private static final int FAILURES_LOGGED = 10;

    private final PublisherOptions options;
    private final Producer<byte[], byte[]> producer;
    private final UnsafeBuffer ringBuffer;
    private final RingBuffer ring;
    private final String source;
    private final byte[] sourceBytes;
    private final Thread sender;

    /** Buffers of a thread that offers bytes: a view, and room for events that do not lie in an array. */
    private final ThreadLocal<Scratch> scratch = ThreadLocal.withInitial(Scratch::new);

    /** Not one word, which threads would take from each other at each event. */
    private final LongAdder offered = new LongAdder();
    private final LongAdder refused = new LongAdder();
    private final AtomicLong sent = new AtomicLong();
    private final AtomicLong acknowledged = new AtomicLong();
    private final AtomicLong failed = new AtomicLong();
    private final AtomicReference<Exception> firstFailure = new AtomicReference<>();

    /** Events taken from the ring; the sender's. */
    private long taken;

    /** Volatile: see the class comment for the order of reads and writes. */
    private volatile boolean closed;
    private volatile long drainDeadlineNs;

    private static final class Scratch {
        private final EventView view = new EventView();
        private byte[] bytes = new byte[1024];

        byte[] atLeast(int length) {
            if (bytes.length < length) {
                bytes = new byte[Integer.highestOneBit(length) * 2];
            }
            return bytes;
        }
    }

    /** On a producer of the caller's; it is closed with the publisher. */
    public EventPublisher(PublisherOptions options, Producer<byte[], byte[]> producer) {
        this.options = options;
        this.producer = producer;
        ringBuffer = new UnsafeBuffer(BufferUtil.allocateDirectAligned(
                options.ringBytes() + RingBufferDescriptor.TRAILER_LENGTH, BitUtil.CACHE_LINE_LENGTH));
        ring = new ManyToOneRingBuffer(ringBuffer);
        source = options.name() + "-" + Long.toUnsignedString(ThreadLocalRandom.current().nextLong(), Character.MAX_RADIX);
        sourceBytes = source.getBytes(StandardCharsets.UTF_8);
        sender = new Thread(this::run, "event-publisher-" + options.name());
        sender.setDaemon(true);
    }

    /**
     * Connects to Kafka and begins to send.
     *
     * @throws KafkaException if the properties are not good
     */
    public static EventPublisher open(PublisherOptions options) {
        Map<String, Object> properties = new HashMap<>(options.kafka());
        properties.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        properties.put(ProducerConfig.ACKS_CONFIG, "all");
        properties.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, 0);
        return new EventPublisher(options,
                new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer())).start();
    }

    /** Begins to send; events may be offered before. */
    public EventPublisher start() {
        sender.start();
        return this;
    }

    /** The source of events that come without one. */
    public String source() {
        return source;
    }

    /**
     * Takes the event that the builder holds; the builder is as before.
     *
     * @return false if the ring is full or the publisher closed: the event is not taken
     * @throws io.qaexchange.events.MalformedEventException if a required field is missing
     * @throws IllegalArgumentException if the event is larger than an eighth of the ring
     */
    public boolean offer(EventBuilder event) {
        event.check();
        boolean own = event.hasOwnIdentity();
        int length = own ? event.encodedLength() : event.encodedLengthWithSource(sourceBytes.length);
        byte[] encoded = scratch.get().atLeast(length);
        int index = claim(own, length);
        if (index < 0) {
            return false;
        }
        boolean written = false;
        try {
            offered.increment();
            if (own) {
                event.encode(encoded, 0);
            } else {
                event.encodeAs(sourceBytes, NO_NUMBER, encoded, 0);
            }
            ringBuffer.putBytes(index, encoded, 0, length);
            written = true;
        } finally {
            finish(index, written);
        }
        return true;
    }

    /**
     * Takes an encoded event.
     *
     * @return false if the ring is full or the publisher closed: the event is not taken
     * @throws io.qaexchange.events.MalformedEventException if the bytes have not the shape of an event
     * @throws IllegalArgumentException if the event is larger than an eighth of the ring
     */
    public boolean offer(byte[] event, int offset, int length) {
        EventView view = scratch.get().view.wrap(event, offset, length);
        boolean own = view.hasOwnIdentity();
        RecordType type = view.recordType();
        int sourceOffset = view.textOffset(type.source());
        int sourceEnd = sourceOffset + view.textLength(type.source());
        int index = claim(own, own ? length : length - (sourceEnd - sourceOffset) + sourceBytes.length);
        if (index < 0) {
            return false;
        }
        offered.increment();
        if (own) {
            ringBuffer.putBytes(index, event, offset, length);
        } else {
            int head = sourceOffset - offset;
            ringBuffer.putBytes(index, event, offset, head);
            ringBuffer.putShort(index + head - TEXT_HEADER_LENGTH, (short) sourceBytes.length, ByteOrder.LITTLE_ENDIAN);
            ringBuffer.putBytes(index + head, sourceBytes, 0, sourceBytes.length);
            ringBuffer.putBytes(index + head + sourceBytes.length, event, sourceEnd, offset + length - sourceEnd);
        }
        finish(index, true);
        return true;
    }

    /** Takes an event that a generated encoder wrote; as {@link #offer(byte[], int, int)}. */
    public boolean offer(DirectBuffer buffer, int offset, int length) {
        Scratch mine = scratch.get();
        byte[] bytes = mine.atLeast(length);
        buffer.getBytes(offset, bytes, 0, length);
        return offer(bytes, 0, length);
    }

    /** A place in the ring, or a negative number if there is none. */
    private int claim(boolean own, int length) {
        if (length > ring.maxMsgLength()) {
            throw new IllegalArgumentException("event of " + length + " bytes does not fit a ring of " + options.ringBytes()
                    + " bytes, which takes up to " + ring.maxMsgLength());
        }
        int index = closed ? RingBuffer.INSUFFICIENT_CAPACITY : ring.tryClaim(own ? OWN_IDENTITY : TO_BE_NUMBERED, length);
        if (index >= 0 && closed) {
            ring.abort(index);
            index = RingBuffer.INSUFFICIENT_CAPACITY;
        }
        if (index < 0) {
            refused.increment();
        }
        return index;
    }

    private void finish(int index, boolean written) {
        if (written) {
            ring.commit(index);
        } else {
            failed.incrementAndGet();
            ring.abort(index);
        }
    }

    public Counts counts() {
        return new Counts(offered.sum(), sent.get(), acknowledged.get(), refused.sum(), failed.get());
    }

    /** Why the first event that failed did so, or null. */
    public Exception firstFailure() {
        return firstFailure.get();
    }

    /**
     * Takes no more events, sends those in the ring and waits until Kafka has answered for all, at most about 30 s and the producer's
     * own delivery timeout. What is not acknowledged then is counted as failed. Idempotent.
     */
    @Override
    public void close() {
        close(DRAIN_TIME);
    }

    /** As {@link #close()}, with another time for the ring to drain. */
    public synchronized void close(Duration drainTime) {
        if (!closed) {
            drainDeadlineNs = System.nanoTime() + drainTime.toNanos();
            closed = true;
            LockSupport.unpark(sender);
        }
        if (sender.getState() == Thread.State.NEW) {
            sender.start();
        }
        boolean interrupted = false;
        while (sender.isAlive()) {
            try {
                sender.join();
            } catch (InterruptedException e) {
                interrupted = true;
                drainDeadlineNs = System.nanoTime();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        List<ProducerRecord<byte[], byte[]>> batch = new ArrayList<>(options.batchRecords());
        EventView view = new EventView();
        long batchNs = options.batchMs() * NANOS_PER_MS;
        long firstNs = 0;
        while (true) {
            boolean closing = closed;
            boolean wasEmpty = batch.isEmpty();
            int read = ring.read((type, buffer, index, length) -> batch.add(record(view, type, index, length)),
                    options.batchRecords() - batch.size());
            if (wasEmpty && read > 0) {
                firstNs = System.nanoTime();
            }
            long waited = System.nanoTime() - firstNs;
            if (!batch.isEmpty() && (closing || batch.size() >= options.batchRecords() || waited >= batchNs)) {
                send(batch);
                batch.clear();
            } else if (closing && ring.size() == 0) {
                break;
            } else if (read == 0) {
                LockSupport.parkNanos(batch.isEmpty() ? IDLE_NS : Math.min(IDLE_NS, batchNs - waited));
            }
            if (closing && System.nanoTime() - drainDeadlineNs > 0) {
                break;
            }
        }
        closeProducer();
    }

    private ProducerRecord<byte[], byte[]> record(EventView view, int type, int index, int length) {
        byte[] message = new byte[length];
        ringBuffer.getBytes(index, message);
        taken++;
        if (type == TO_BE_NUMBERED) {
            SEQUENCE.set(message, SBE_HEADER_LENGTH + SEQUENCE_OFFSET_IN_BLOCK, taken);
        }
        return new ProducerRecord<>(options.topic(), view.wrap(message).routeKeyBytes(), message);
    }

    private void send(List<ProducerRecord<byte[], byte[]>> batch) {
        for (ProducerRecord<byte[], byte[]> record : batch) {
            try {
                producer.send(record, (metadata, failure) -> {
                    if (failure == null) {
                        acknowledged.incrementAndGet();
                    } else {
                        failed(failure);
                    }
                });
                sent.incrementAndGet();
            } catch (KafkaException | IllegalStateException e) {
                failed(e);
            }
        }
    }

    private void failed(Exception failure) {
        firstFailure.compareAndSet(null, failure);
        long count = failed.incrementAndGet();
        if (count <= FAILURES_LOGGED) {
            LOG.warn("event was not published: topic={} failed={}{}", options.topic(), count,
                    count == FAILURES_LOGGED ? " (further failures are counted, not logged)" : "", failure);
        }
    }

    private void closeProducer() {
        try {
            producer.close();
        } catch (KafkaException e) {
            LOG.warn("producer did not close cleanly: topic={}", options.topic(), e);
        }
        long open = offered.sum() - acknowledged.get() - failed.get();
        if (open > 0) {
            failed.addAndGet(open);
            LOG.warn("publisher closed before all events were acknowledged: topic={} lost={}", options.topic(), open);
        }
    }
}
