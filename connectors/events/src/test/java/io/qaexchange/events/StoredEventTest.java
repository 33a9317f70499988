package io.qaexchange.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class StoredEventTest {

    private final EventBuilder builder = new EventBuilder();

    private byte[] tick(double price) {
        return builder.start("tick").eventTime(5).instrument("X").set("last_price", price).build();
    }

    @Test
    void whereAndWhenItArrivedReadsBack() {
        Arrival arrival = new Arrival(1_767_690_000_000_000_000L, "events.主题", 17, Long.MAX_VALUE);
        byte[] value = StoredEvent.encode(tick(1.5), arrival);
        StoredEvent stored = new StoredEvent().wrap(value);
        assertThat(stored.arrival()).isEqualTo(arrival);
        assertThat(stored.message()).isEqualTo(tick(1.5));
        assertThat(stored.event().getDouble(stored.event().recordType().field("last_price"))).isEqualTo(1.5);
        assertThat(stored.key()).isEqualTo(EventIdentity.key(stored.event(), arrival));
        assertThat(stored.topic()).isSameAs(stored.topic());
    }

    @Test
    void topicFollowsTheValue() {
        StoredEvent stored = new StoredEvent();
        assertThat(stored.wrap(StoredEvent.encode(tick(1), new Arrival(1, "a", 1, 1))).topic()).isEqualTo("a");
        assertThat(stored.wrap(StoredEvent.encode(tick(1), new Arrival(1, "b", 1, 1))).topic()).isEqualTo("b");
        assertThat(stored.wrap(StoredEvent.encode(tick(1), new Arrival(1, "", 1, 1))).topic()).isEmpty();
    }

    @Test
    void headerIsAsDocumented() {
        byte[] value = StoredEvent.encode(tick(1), new Arrival(0x0102030405060708L, "ab", 0x0A0B0C0D, 0x1112131415161718L));
        assertThat(HexFormat.of().formatHex(value, 0, 24)).isEqualTo("01" + "0807060504030201" + "0d0c0b0a" + "1817161514131211" + "02" + "6162");
        assertThat(Arrays.copyOfRange(value, 24, value.length)).isEqualTo(tick(1));
    }

    @Test
    void sameEventLooksAtTheMessageOnly() {
        byte[] a = StoredEvent.encode(tick(1), new Arrival(1, "events", 0, 1));
        byte[] again = StoredEvent.encode(tick(1), new Arrival(2, "other-topic", 7, 8));
        byte[] other = StoredEvent.encode(tick(2), new Arrival(1, "events", 0, 1));
        assertThat(StoredEvent.sameEvent(a, again)).isTrue();
        assertThat(StoredEvent.sameEvent(a, other)).isFalse();
        assertThat(StoredEvent.holds(a, tick(1))).isTrue();
        assertThat(StoredEvent.holds(a, tick(2))).isFalse();
    }

    @Test
    void damagedHeadersAreNamed() {
        byte[] value = StoredEvent.encode(tick(1), new Arrival(1, "events", 0, 1));
        assertThatThrownBy(() -> new StoredEvent().wrap(Arrays.copyOf(value, 10))).hasMessageContaining("truncated");
        assertThatThrownBy(() -> new StoredEvent().wrap(Arrays.copyOf(value, 24))).hasMessageContaining("within its topic");
        byte[] newer = value.clone();
        newer[0] = 2;
        assertThatThrownBy(() -> new StoredEvent().wrap(newer)).isInstanceOf(MalformedEventException.class)
                .hasMessageContaining("header version 2");
        assertThatThrownBy(() -> new StoredEvent().wrap(Arrays.copyOf(value, value.length - 1)))
                .isInstanceOf(MalformedEventException.class);
        assertThatThrownBy(() -> StoredEvent.topicBytes("t".repeat(256))).isInstanceOf(IllegalArgumentException.class);
    }
}
