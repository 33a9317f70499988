package io.qaexchange.events.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventDecoder;
import io.qaexchange.events.EventView;
import io.qaexchange.events.MalformedEventException;
import io.qaexchange.events.sbe.MessageHeaderEncoder;
import io.qaexchange.events.sbe.SettlementEncoder;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.agrona.concurrent.UnsafeBuffer;
import org.apache.kafka.clients.producer.Callback;
import org.apache.kafka.clients.producer.MockProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class EventPublisherTest {

    private static final PublisherOptions OPTIONS = PublisherOptions.of("events", "nowhere:9092").withRingBytes(64 << 10);

    private final MockProducer<byte[], byte[]> producer = producer(true);

    private static MockProducer<byte[], byte[]> producer(boolean autoComplete) {
        return new MockProducer<>(autoComplete, null, new ByteArraySerializer(), new ByteArraySerializer());
    }

    private static EventBuilder tick(EventBuilder builder, String instrument, long time) {
        return builder.start("tick").eventTime(time).instrument(instrument).set("last_price", 10.0);
    }

    @Test
    void sendsEventsInOrderWithRouteKeySourceAndSequence() {
        EventBuilder builder = new EventBuilder();
        EventPublisher publisher = new EventPublisher(OPTIONS.withName("engine"), producer).start();
        for (int i = 1; i <= 300; i++) {
            assertThat(publisher.offer(tick(builder, "SHFE.rb2605", i))).isTrue();
        }
        assertThat(publisher.offer(builder.start("account_open").eventTime(301).set("account", "A1")
                .set("account_type", "INDIVIDUAL").set("init_cash", 5.0))).isTrue();
        publisher.close();

        List<ProducerRecord<byte[], byte[]>> history = producer.history();
        assertThat(history).hasSize(301);
        EventDecoder decoder = new EventDecoder();
        for (int i = 0; i < history.size(); i++) {
            assertThat(decoder.decode(history.get(i).value()).isAccepted()).isTrue();
            EventView event = decoder.event();
            assertThat(event.eventTime()).isEqualTo(i + 1);
            assertThat(event.sequence()).isEqualTo(i + 1);
            assertThat(event.source()).isEqualTo(publisher.source()).startsWith("engine-");
            assertThat(new String(history.get(i).key(), StandardCharsets.UTF_8)).isEqualTo(i < 300 ? "SHFE.rb2605" : "@A1");
            assertThat(history.get(i).topic()).isEqualTo("events");
        }
        assertThat(publisher.counts()).isEqualTo(new EventPublisher.Counts(301, 301, 301, 0, 0));
        assertThat(producer.closed()).isTrue();
    }

    @Test
    void identityThatTheCallerSetIsKept() {
        EventBuilder builder = new EventBuilder();
        byte[] event = tick(builder, "X", 1).identity("mine", 77).build();
        EventPublisher publisher = new EventPublisher(OPTIONS, producer).start();
        assertThat(publisher.offer(builder)).isTrue();
        assertThat(publisher.offer(event, 0, event.length)).isTrue();
        publisher.close();
        assertThat(producer.history()).hasSize(2).allSatisfy(r -> assertThat(r.value()).isEqualTo(event));
    }

    @Test
    void offeringLeavesTheBuilderAsItWas() {
        EventBuilder builder = tick(new EventBuilder(), "X", 1);
        byte[] before = builder.build();
        EventPublisher publisher = new EventPublisher(OPTIONS, producer).start();
        publisher.offer(builder);
        publisher.offer(builder);
        publisher.close();
        assertThat(builder.build()).isEqualTo(before);
        assertThat(producer.history()).extracting(r -> new EventView().wrap(r.value()).sequence()).containsExactly(1L, 2L);
    }

    @Test
    void encodedEventsGetSourceAndSequenceWhereverTheTextsStand() {
        EventBuilder builder = new EventBuilder();
        List<byte[]> events = new ArrayList<>();
        events.add(builder.start("book_snapshot").eventTime(3).instrument("X").addLevel("bids", 1, 2).addLevel("asks", 3, 4).build());
        events.add(tick(builder, "語", 4).build());
        events.add(tick(builder, "X", 5).set("source", "only a source").build());
        events.add(builder.start("cash_movement").eventTime(6).set("account", "A").set("kind", "DEPOSIT").set("amount", 1.0)
                .set("sequence", 9L).build());
        EventPublisher publisher = new EventPublisher(OPTIONS, producer).start();
        for (byte[] event : events) {
            byte[] padded = new byte[event.length + 9];
            System.arraycopy(event, 0, padded, 5, event.length);
            assertThat(publisher.offer(padded, 5, event.length)).isTrue();
        }
        publisher.close();
        EventView view = new EventView();
        for (int i = 0; i < events.size(); i++) {
            byte[] expected = new EventBuilder().copyOf(view.wrap(events.get(i))).identity(publisher.source(), i + 1).build();
            assertThat(producer.history().get(i).value()).isEqualTo(expected);
        }
    }

    @Test
    void generatedEncodersOnDirectMemoryMayBeOffered() {
        UnsafeBuffer buffer = new UnsafeBuffer(ByteBuffer.allocateDirect(4096));
        SettlementEncoder encoder = new SettlementEncoder().wrapAndApplyHeader(buffer, 0, new MessageHeaderEncoder());
        encoder.eventTime(8).sequence(SettlementEncoder.sequenceNullValue()).tradingDay(20260106).settlementPrice(3.5)
                .instrument("X").source("");
        EventPublisher publisher = new EventPublisher(OPTIONS, producer).start();
        assertThat(publisher.offer(buffer, 0, MessageHeaderEncoder.ENCODED_LENGTH + encoder.encodedLength())).isTrue();
        publisher.close();
        assertThat(new EventView().wrap(producer.history().get(0).value())).returns(8L, EventView::eventTime)
                .returns(1L, EventView::sequence).returns("X", EventView::instrument).returns(publisher.source(), EventView::source);
    }

    @Test
    void fullRingIsAnAnswerAndNothingTakenIsLost() {
        EventPublisher publisher = new EventPublisher(OPTIONS, producer);
        EventBuilder builder = new EventBuilder();
        int taken = 0;
        while (publisher.offer(tick(builder, "X", taken))) {
            taken++;
        }
        assertThat(taken).isBetween(300, 2000);
        assertThat(publisher.offer(tick(builder, "X", taken))).isFalse();
        assertThat(publisher.counts()).isEqualTo(new EventPublisher.Counts(taken, 0, 0, 2, 0));
        publisher.close();
        assertThat(producer.history()).hasSize(taken);
        assertThat(publisher.counts()).isEqualTo(new EventPublisher.Counts(taken, taken, taken, 2, 0));
    }

    @Test
    void manyThreadsOfferAndCloseDrainsWhatWasTaken() throws Exception {
        int threads = 4;
        int each = 20_000;
        EventPublisher publisher = new EventPublisher(OPTIONS, producer).start();
        ExecutorService pool = Executors.newFixedThreadPool(threads);
        CountDownLatch half = new CountDownLatch(threads);
        List<Future<Set<Long>>> results = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
            String instrument = "I" + t;
            Callable<Set<Long>> offering = () -> {
                EventBuilder builder = new EventBuilder();
                Set<Long> taken = new HashSet<>();
                for (long i = 0; i < each; i++) {
                    if (publisher.offer(tick(builder, instrument, i))) {
                        taken.add(i);
                    }
                    if (i == each / 2) {
                        half.countDown();
                    }
                }
                return taken;
            };
            results.add(pool.submit(offering));
        }
        half.await();
        publisher.close();
        pool.shutdown();
        assertThat(pool.awaitTermination(30, TimeUnit.SECONDS)).isTrue();

        Map<String, List<Long>> received = new TreeMap<>();
        Set<Long> sequences = new HashSet<>();
        EventView view = new EventView();
        for (ProducerRecord<byte[], byte[]> record : producer.history()) {
            view.wrap(record.value());
            received.computeIfAbsent(view.instrument(), k -> new ArrayList<>()).add(view.eventTime());
            assertThat(sequences.add(view.sequence())).isTrue();
        }
        long total = 0;
        for (int t = 0; t < threads; t++) {
            Set<Long> taken = results.get(t).get();
            total += taken.size();
            assertThat(received.get("I" + t)).isSorted().containsExactlyInAnyOrderElementsOf(taken);
        }
        EventPublisher.Counts counts = publisher.counts();
        assertThat(counts.offered()).isEqualTo(total).isEqualTo(counts.acknowledged());
        assertThat(counts.offered() + counts.refused()).isEqualTo((long) threads * each);
    }

    @Test
    void closedPublisherRefuses() {
        EventPublisher publisher = new EventPublisher(OPTIONS, producer).start();
        publisher.close();
        publisher.close();
        assertThat(publisher.offer(tick(new EventBuilder(), "X", 1))).isFalse();
        assertThat(publisher.counts().refused()).isEqualTo(1);
    }

    @Test
    void brokersRefusalIsCountedWithItsReason() {
        MockProducer<byte[], byte[]> manual = new MockProducer<>(false, null, new ByteArraySerializer(), new ByteArraySerializer()) {
            @Override
            public synchronized Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record, Callback callback) {
                Future<RecordMetadata> future = super.send(record, callback);
                if (new EventView().wrap(record.value()).eventTime() == 2) {
                    errorNext(new KafkaException("not enough replicas"));
                } else {
                    completeNext();
                }
                return future;
            }
        };
        EventPublisher publisher = new EventPublisher(OPTIONS, manual).start();
        for (int i = 1; i <= 3; i++) {
            publisher.offer(tick(new EventBuilder(), "X", i));
        }
        publisher.close();
        assertThat(publisher.counts()).isEqualTo(new EventPublisher.Counts(3, 3, 2, 0, 1));
        assertThat(publisher.firstFailure()).hasMessage("not enough replicas");
    }

    @Test
    void producerThatThrowsFailsTheEventAndNotThePublisher() {
        MockProducer<byte[], byte[]> failing = producer(true);
        failing.sendException = new KafkaException("buffer is full");
        EventPublisher publisher = new EventPublisher(OPTIONS, failing).start();
        for (int i = 0; i < 20; i++) {
            publisher.offer(tick(new EventBuilder(), "X", i));
        }
        publisher.close();
        assertThat(publisher.counts()).isEqualTo(new EventPublisher.Counts(20, 0, 0, 0, 20));
    }

    @Test
    void whatWasNeverAcknowledgedIsCountedAsFailed() {
        MockProducer<byte[], byte[]> silent = producer(false);
        EventPublisher publisher = new EventPublisher(OPTIONS, silent).start();
        publisher.offer(tick(new EventBuilder(), "X", 1));
        publisher.close(Duration.ofSeconds(5));
        assertThat(publisher.counts()).isEqualTo(new EventPublisher.Counts(1, 1, 0, 0, 1));
    }

    @Test
    void callersMistakesAreNamedAndChangeNothing() {
        EventPublisher publisher = new EventPublisher(OPTIONS, producer).start();
        EventBuilder builder = new EventBuilder();
        assertThatThrownBy(() -> publisher.offer(builder.start("tick").eventTime(1).instrument("X")))
                .isInstanceOf(MalformedEventException.class).hasMessageContaining("tick.last_price is required");
        assertThatThrownBy(() -> publisher.offer(new byte[20], 0, 20)).isInstanceOf(MalformedEventException.class);
        builder.start("book_snapshot").eventTime(1).instrument("X");
        for (int i = 0; i < 1000; i++) {
            builder.addLevel("bids", i, 1);
        }
        assertThatThrownBy(() -> publisher.offer(builder)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("does not fit a ring of 65536 bytes");
        publisher.close();
        assertThat(publisher.counts()).isEqualTo(new EventPublisher.Counts(0, 0, 0, 0, 0));
    }

    @Test
    void optionsThatCannotWorkAreRefused() {
        assertThatThrownBy(() -> OPTIONS.withRingBytes(100_000)).hasMessageContaining("power of two");
        assertThatThrownBy(() -> OPTIONS.withBatch(0, 10)).hasMessageContaining("batchRecords");
        assertThatThrownBy(() -> OPTIONS.withKafka("enable.idempotence", "false")).hasMessageContaining("must be true");
    }
}
