package io.qaexchange.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class EventKeyProperties {

    // Worked out apart from this code, from the description in EventKey.
    private static final long HASH_OF_NOTHING = 0xefd01f60ba992926L;
    private static final long HASH_OF_EVENTS_0 = 0xa3300943803f360L;
    private static final long HASH_OF_ENGINE = 0xf7f0f9d65b41114fL;

    record Parts(int code, long time, long hash, long sequence) {
        static final Comparator<Parts> ORDER = Comparator.comparingInt(Parts::code).thenComparingLong(Parts::time)
                .thenComparing(Parts::hash, Long::compareUnsigned).thenComparingLong(Parts::sequence);

        byte[] key() {
            return EventKey.encode(code, time, hash, sequence);
        }
    }

    @Property
    void partsReadBack(@ForAll @IntRange(min = 1, max = 127) int code, @ForAll long time, @ForAll long hash, @ForAll long sequence) {
        byte[] key = EventKey.encode(code, time, hash, sequence);
        assertThat(key).hasSize(25);
        assertThat(new Parts(EventKey.recordCode(key), EventKey.eventTime(key), EventKey.sourceHash(key), EventKey.sequence(key)))
                .isEqualTo(new Parts(code, time, hash, sequence));
        assertThat(Bytes.getLongBigEndian(key, key.length - EventKey.EVENT_TIME_FROM_END) ^ Long.MIN_VALUE).isEqualTo(time);
    }

    @Property(tries = 3000)
    void bytesOrderAsTheirParts(@ForAll @IntRange(min = 1, max = 3) int code, @ForAll @IntRange(min = 1, max = 3) int otherCode,
            @ForAll long time, @ForAll long hash, @ForAll long sequence, @ForAll @IntRange(max = 7) int same,
            @ForAll long otherTime, @ForAll long otherHash, @ForAll long otherSequence) {
        Parts a = new Parts(code, time, hash, sequence);
        Parts b = new Parts((same & 1) == 0 ? otherCode : code, (same & 2) == 0 ? otherTime : time,
                (same & 4) == 0 ? otherHash : hash, otherSequence);
        assertThat(Integer.signum(EventKey.compare(a.key(), b.key()))).isEqualTo(Integer.signum(Parts.ORDER.compare(a, b)));
    }

    @Property
    void lowestKeyBoundsATime(@ForAll long time, @ForAll long hash, @ForAll long sequence) {
        byte[] key = EventKey.encode(5, time, hash, sequence);
        assertThat(EventKey.compare(EventKey.lowest(5, time), key)).isLessThanOrEqualTo(0);
        if (time != Long.MAX_VALUE) {
            assertThat(EventKey.compare(EventKey.lowest(5, time + 1), key)).isPositive();
        }
    }

    @Example
    void hashIsTheOneInStoredKeys() {
        assertThat(hash("")).isEqualTo(HASH_OF_NOTHING);
        assertThat(hash("events-0")).isEqualTo(HASH_OF_EVENTS_0);
        assertThat(hash("引擎")).isEqualTo(HASH_OF_ENGINE);
        byte[] padded = "xxevents-0yy".getBytes(StandardCharsets.UTF_8);
        assertThat(EventKey.hash(padded, 2, 8)).isEqualTo(HASH_OF_EVENTS_0);
    }

    private static long hash(String text) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        return EventKey.hash(utf8, 0, utf8.length);
    }

    @Example
    void identityComesFromTheProducerOrFromThePosition() {
        EventBuilder builder = new EventBuilder().start("tick").eventTime(5).instrument("X").set("last_price", 1.0);
        EventView view = new EventView();
        EventIdentity position = EventIdentity.of(view.wrap(builder.build()), "events", 3, 99);
        assertThat(position).returns("events-3", EventIdentity::source).returns(99L, EventIdentity::sequence);
        builder.set("source", "engine");
        assertThat(EventIdentity.of(view.wrap(builder.build()), "events", 3, 99)).as("half an identity is none").isEqualTo(position);
        builder.set("sequence", 7L);
        EventIdentity own = EventIdentity.of(view.wrap(builder.build()), "events", 3, 99);
        assertThat(own).isEqualTo(new EventIdentity("X", view.recordType(), 5, "engine", 7));
        assertThat(own.key()).isEqualTo(EventIdentity.key(view, "other", 1, 1)).isEqualTo(EventKey.encode(5, 5, hash("engine"), 7));
        assertThat(position.toString()).isEqualTo("X tick 5 events-3#99");
    }

    @Example
    void codesAndLengthsThatCannotBeAreRefused() {
        assertThatThrownBy(() -> EventKey.encode(0, 0, 0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> EventKey.encode(128, 0, 0, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> EventKey.eventTime(new byte[24])).isInstanceOf(MalformedEventException.class);
    }
}
