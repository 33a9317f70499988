package io.qaexchange.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventKey;
import io.qaexchange.events.flink.DeadLetter;
import io.qaexchange.events.flink.DecodeState;
import io.qaexchange.events.flink.ImmutableSerializer;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.events.flink.MessageOrigin;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.streaming.api.operators.ProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.OneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;

class DecodeFunctionTest {

    private static final long EVENT_TIME_NS = 1_767_657_600_000_000_000L;

    @Test
    void sendsEveryKindOfBadMessageToTheDeadLettersAndGoesOn() throws Exception {
        byte[] good = tick(EVENT_TIME_NS, 100);
        Map<String, byte[]> bad = new LinkedHashMap<>();
        bad.put("empty", new byte[0]);
        bad.put("truncated", Arrays.copyOf(good, good.length - 3));
        bad.put("wrong schema", patched(good, 4, 99));
        bad.put("wrong version", patched(good, 6, 0));
        bad.put("unknown type", patched(good, 2, 120));
        bad.put("bad length", patched(good, 0, 1));
        bad.put("too large", new byte[(4 << 20) + 1]);
        bad.put("not an event", new byte[] {1, 2, 3});
        bad.put("not finite", tickWithPrice(Double.POSITIVE_INFINITY));
        bad.put("bad time", patchedTime(good, -1));
        bad.put("bad json", "{\"type\":}".getBytes(StandardCharsets.UTF_8));
        bad.put("wrong type", ("{\"type\":\"tick\",\"event_time\":1,\"instrument\":\"A\",\"last_price\":\"x\"}").getBytes(StandardCharsets.UTF_8));
        bad.put("missing field", "{\"type\":\"tick\",\"event_time\":1,\"instrument\":\"A\"}".getBytes(StandardCharsets.UTF_8));
        bad.put("invalid utf-8", badText(good));

        try (var decode = harness()) {
            decode.open();
            long offset = 0;
            for (byte[] message : bad.values()) {
                decode.processElement(new StreamRecord<>(new KafkaMessage("events", 1, offset++, 5, message)));
                decode.processElement(new StreamRecord<>(new KafkaMessage("events", 1, offset++, 5, good)));
            }
            assertThat(decode.extractOutputValues()).hasSize(bad.size());
            assertThat(decode.getSideOutput(DeadLetter.OUTPUT)).extracting(letter -> letter.getValue().reason())
                    .containsExactlyElementsOf(bad.keySet());
            int i = 0;
            for (StreamRecord<DeadLetter> letter : decode.getSideOutput(DeadLetter.OUTPUT)) {
                assertThat(letter.getValue().position()).isEqualTo("events-1@" + 2 * i++);
                assertThat(letter.getValue().value()).isEqualTo(bad.get(letter.getValue().reason()));
                assertThat(letter.getValue().detail()).isNotBlank();
            }
        }
    }

    @Test
    void keepsItsCountsOverARestart() throws Exception {
        OperatorSubtaskState state;
        try (var decode = harness()) {
            decode.open();
            decode.processElement(new StreamRecord<>(new KafkaMessage("events", 0, 0, 5, tick(EVENT_TIME_NS, 1))));
            decode.processElement(new StreamRecord<>(new KafkaMessage("events", 0, 1, 5, new byte[0])));
            state = decode.snapshot(1, 1);
        }
        try (var decode = harness()) {
            decode.initializeState(state);
            decode.open();
            decode.processElement(new StreamRecord<>(new KafkaMessage("events", 0, 2, 5, tick(EVENT_TIME_NS, 1))));
            var snapshot = decode.snapshot(2, 2);
            assertThat(sum(snapshot, DecodeState.CONSUMED)).isEqualTo(3);
            assertThat(sum(snapshot, DecodeState.REFUSED)).isEqualTo(1);
        }
    }

    @Test
    void serializersGiveBackWhatTheyWrote() throws Exception {
        try (var decode = harness()) {
            decode.open();
            decode.processElement(new StreamRecord<>(new KafkaMessage("events", 3, 7, 5, tick(EVENT_TIME_NS, 1))));
            IncomingEvent event = decode.extractOutputValues().get(0);
            IncomingEvent copy = roundTrip(new IncomingEvent.Serializer(), event);

            assertThat(copy.routeKey()).isEqualTo("A");
            assertThat(copy.key()).isEqualTo(event.key());
            assertThat(EventKey.eventTime(copy.key())).isEqualTo(EVENT_TIME_NS);
            assertThat(copy.message()).isEqualTo(event.message());
            assertThat(copy.arrival()).isEqualTo(event.arrival());
            assertThat(copy.origin()).usingRecursiveComparison().isEqualTo(event.origin());
            for (byte[] key : new byte[][] {{'A'}, {'B'}, {}}) {
                MessageOrigin plain = new MessageOrigin(key, List.of(), 5);
                IncomingEvent keyed = new IncomingEvent("A", event.key(), event.message(), event.arrival(), plain);
                assertThat(roundTrip(new IncomingEvent.Serializer(), keyed).origin()).usingRecursiveComparison().isEqualTo(plain);
            }
        }
        MessageOrigin origin = new MessageOrigin(null, List.of(new MessageOrigin.Header("a", new byte[] {9}), new MessageOrigin.Header("a", null)), 7);
        DeadLetter letter = new DeadLetter("t", 1, 2, "empty", "detail", new byte[] {1}, origin);
        assertThat(roundTrip(new DeadLetter.Serializer(), letter)).usingRecursiveComparison().isEqualTo(letter);
        KafkaMessage message = new KafkaMessage("t", 1, 2, 3, new byte[] {4});
        assertThat(roundTrip(new KafkaMessage.Serializer(), message)).usingRecursiveComparison().isEqualTo(message);
    }

    private static <T> T roundTrip(ImmutableSerializer<T> serializer, T value) throws Exception {
        DataOutputSerializer out = new DataOutputSerializer(16);
        serializer.serialize(value, out);
        return serializer.deserialize(new DataInputDeserializer(out.getCopyOfBuffer()));
    }

    private static OneInputStreamOperatorTestHarness<KafkaMessage, IncomingEvent> harness() throws Exception {
        var harness = new OneInputStreamOperatorTestHarness<>(new ProcessOperator<>(new DecodeFunction()));
        harness.setup(new IncomingEvent.Serializer());
        return harness;
    }

    private static long sum(OperatorSubtaskState state, String name) throws Exception {
        try (var registry = new org.apache.flink.core.fs.CloseableRegistry()) {
            var backend = new org.apache.flink.runtime.state.DefaultOperatorStateBackendBuilder(
                    DecodeFunctionTest.class.getClassLoader(), new org.apache.flink.api.common.ExecutionConfig(), false,
                    new java.util.ArrayList<>(state.getManagedOperatorState()), registry).build();
            long sum = 0;
            for (Long part : backend.getListState(new org.apache.flink.api.common.state.ListStateDescriptor<>(name,
                    org.apache.flink.api.common.typeinfo.Types.LONG)).get()) {
                sum += part;
            }
            backend.dispose();
            return sum;
        }
    }

    private static byte[] tick(long eventTimeNs, double price) {
        return new EventBuilder().start("tick").eventTime(eventTimeNs).instrument("A").identity("s", 1).set("last_price", price).build();
    }

    /** A builder refuses such a price, so it is written over a good one. */
    private static byte[] tickWithPrice(double price) {
        byte[] bytes = tick(EVENT_TIME_NS, 1);
        java.nio.ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).putDouble(8 + 20, price);
        return bytes;
    }

    private static byte[] patched(byte[] message, int offset, int value) {
        byte[] bytes = message.clone();
        java.nio.ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).putShort(offset, (short) value);
        return bytes;
    }

    private static byte[] patchedTime(byte[] message, long eventTimeNs) {
        byte[] bytes = message.clone();
        java.nio.ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN).putLong(8, eventTimeNs);
        return bytes;
    }

    /** The last text is the source, "s". */
    private static byte[] badText(byte[] message) {
        byte[] bytes = message.clone();
        bytes[bytes.length - 1] = (byte) 0xFF;
        return bytes;
    }
}
