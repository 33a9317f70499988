package io.qaexchange.kafka;

import io.qaexchange.events.flink.DeadLetter;
import java.io.IOException;
import java.lang.reflect.Field;
import java.time.Clock;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.connector.kafka.sink.KafkaWriterState;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink;
import org.apache.flink.connector.kafka.sink.TwoPhaseCommittingStatefulSink.PrecommittingStatefulSinkWriter;
import org.apache.flink.metrics.Counter;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes dead letters with Flink's exactly-once writer, each cut to what the topic takes, and decides what happens if the topic takes none.
 *
 * <p>Before the first letter the broker is asked whether the topic is there, whether we may write, and for its limit. If not, the letters are
 * counted and logged ({@code continue}) or the job ends ({@code stop}). A letter that fails although the broker was asked takes its
 * transaction with it: then the task fails once, Flink restarts it from the checkpoint, and {@link DeadLetterTrouble} knows better.
 *
 * <p>One thread, the task thread.
 */
final class DeadLetterWriter implements PrecommittingStatefulSinkWriter<DeadLetter, KafkaWriterState, KafkaCommittable> {

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterWriter.class);
    /** The number of unwritten letters that are logged one by one between two checkpoints. */
    private static final int LOGGED_LETTERS = 20;

    private final DeadLetterSink.Options options;
    private final TwoPhaseCommittingStatefulSink<ProducerRecord<byte[], byte[]>, KafkaWriterState, KafkaCommittable> sink;
    private final WriterInitContext context;
    private final DeadLetterTrouble trouble;
    private final Clock clock;
    private final Counter notWritten;
    private final Counter cut;
    private List<KafkaWriterState> states;
    @Nullable
    private PrecommittingStatefulSinkWriter<ProducerRecord<byte[], byte[]>, KafkaWriterState, KafkaCommittable> writer;
    private long maxRecordBytes;
    private long written;
    private long largestBytes;
    private int logged;

    /**
     * @param sink Flink's, of records as they are
     * @param states of the writer before; empty if there was none
     */
    DeadLetterWriter(DeadLetterSink.Options options, TwoPhaseCommittingStatefulSink<ProducerRecord<byte[], byte[]>, KafkaWriterState, KafkaCommittable> sink,
            WriterInitContext context, Collection<KafkaWriterState> states, Clock clock) {
        this.options = options;
        this.sink = sink;
        this.context = new GuardedContext(context, this::failed);
        this.states = List.copyOf(states);
        this.trouble = DeadLetterTrouble.of(options.brokers(), options.topic(), options.transactionPrefix());
        this.clock = clock;
        this.notWritten = context.metricGroup().counter(DeadLetterSink.NOT_WRITTEN);
        this.cut = context.metricGroup().counter("deadLettersCut");
    }

    /** Asks the broker and begins to write, unless the topic is left alone for a while. */
    void open() throws IOException {
        String paused = trouble.paused(clock.millis());
        if (paused != null && options.onFailure() == DeadLetterSink.OnFailure.CONTINUE) {
            return;
        }
        try {
            maxRecordBytes = Math.min(trouble.maxRecordBytes(),
                    DeadLetterTopicCheck.maxRecordBytes(options.connection(), options.topic(), options.producer()));
            writer = states.isEmpty() ? sink.createWriter(context) : sink.restoreWriter(context, states);
        } catch (IOException | RuntimeException e) {
            DeadLetterTrouble.Kind kind = DeadLetterTrouble.kind(e);
            IOException failure = failed(e);
            boolean given = kind == DeadLetterTrouble.Kind.REFUSED || kind == DeadLetterTrouble.Kind.AWAY && trouble.paused(clock.millis()) != null;
            if (!given || options.onFailure() == DeadLetterSink.OnFailure.STOP) {
                throw failure;
            }
            LOG.error("dead letters are counted and not written: {}", trouble.paused(clock.millis()), e);
        }
    }

    @Override
    public void write(DeadLetter letter, Context element) throws IOException, InterruptedException {
        if (writer == null) {
            open();
        }
        if (writer == null) {
            lose(letter, trouble.paused(clock.millis()));
            return;
        }
        ProducerRecord<byte[], byte[]> letterRecord = DeadLetterFormat.record(letter, options.topic(), maxRecordBytes);
        if (letterRecord == null) {
            String why = "topic " + options.topic() + " takes " + maxRecordBytes + " bytes, and a letter without its value is longer";
            if (options.onFailure() == DeadLetterSink.OnFailure.STOP) {
                throw DeadLetterRefusedException.stopped(why, null);
            }
            lose(letter, why);
            return;
        }
        if (letterRecord.value().length < letter.value().length) {
            cut.inc();
        }
        long bytes = DeadLetterFormat.size(letterRecord.key(), letterRecord.value(), letterRecord.headers());
        largestBytes = Math.max(largestBytes, bytes);
        try {
            writer.write(letterRecord, element);
            written++;
        } catch (IOException | RuntimeException e) {
            throw failed(e);
        }
    }

    @Override
    public void flush(boolean endOfInput) throws IOException, InterruptedException {
        logged = 0;
        if (writer == null) {
            return;
        }
        try {
            writer.flush(endOfInput);
        } catch (IOException | RuntimeException e) {
            throw failed(e);
        }
        if (written > 0) {
            trouble.over();
            written = 0;
            largestBytes = 0;
        }
    }

    @Override
    public Collection<KafkaCommittable> prepareCommit() throws IOException, InterruptedException {
        return writer == null ? List.of() : writer.prepareCommit();
    }

    @Override
    public List<KafkaWriterState> snapshotState(long checkpointId) throws IOException {
        if (writer != null) {
            try {
                states = writer.snapshotState(checkpointId);
            } catch (IOException | RuntimeException e) {
                throw failed(e);
            }
        }
        return states;
    }

    @Override
    public void close() throws Exception {
        if (writer != null) {
            try {
                writer.close();
            } finally {
                closeAdminClient(writer);
            }
        }
    }

    /**
     * Closes the client that Flink's writer opens to look for lingering transactions and never closes (flink-connector-kafka 5.0.0): one
     * stays for each start of the task, and each spins as soon as its broker is away.
     */
    private static void closeAdminClient(Object writer) {
        try {
            Field client = writer.getClass().getDeclaredField("adminClient");
            client.setAccessible(true);
            if (client.get(writer) instanceof Admin admin) {
                admin.close(Duration.ZERO);
            }
        } catch (ReflectiveOperationException e) {
            LOG.warn("an admin client of {} stays open", writer.getClass().getName(), e);
        }
    }

    private void lose(DeadLetter letter, @Nullable String why) {
        notWritten.inc();
        if (logged++ < LOGGED_LETTERS) {
            LOG.error("dead letter of {} is not written ({}): {}: {}; {} bytes, SHA-256 {}", letter.position(), why, letter.reason(), letter.detail(),
                    letter.value().length, DeadLetterFormat.sha256(letter.value()));
        }
    }

    /** Learns from a failure; answers what to throw, so that the task ends. */
    private IOException failed(Exception failure) {
        long nowMs = clock.millis();
        switch (DeadLetterTrouble.kind(failure)) {
            case TOO_LARGE -> {
                trouble.tooLarge(largestBytes);
                return new IOException("topic " + options.topic() + " does not take a letter of " + largestBytes
                        + " bytes, though its settings say so; letters are cut shorter from now on", failure);
            }
            case REFUSED -> {
                String why = "topic " + options.topic() + " does not take dead letters: " + rootMessage(failure);
                trouble.pause(why, nowMs);
                return options.onFailure() == DeadLetterSink.OnFailure.STOP ? DeadLetterRefusedException.stopped(why, failure) : new IOException(why, failure);
            }
            case AWAY -> {
                String why = "Kafka has not taken a dead letter for " + options.timeout().toSeconds() + " s";
                if (!trouble.awayTooLong(nowMs, options.timeout().toMillis())) {
                    return new IOException("Kafka does not take dead letters now: " + rootMessage(failure), failure);
                }
                trouble.pause(why, nowMs);
                return options.onFailure() == DeadLetterSink.OnFailure.STOP ? DeadLetterRefusedException.stopped(why, failure) : new IOException(why, failure);
            }
            default -> {
                return failure instanceof IOException io ? io : new IOException("dead letters cannot be written: " + rootMessage(failure), failure);
            }
        }
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }
}
