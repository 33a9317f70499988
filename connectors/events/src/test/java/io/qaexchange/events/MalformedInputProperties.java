package io.qaexchange.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/** Whatever the bytes are: the decoder answers, and what it accepts can be read, keyed and written in every way. */
class MalformedInputProperties {

    private final EventDecoder decoder = new EventDecoder();
    private final EventView view = new EventView();

    @Property(tries = 3000)
    void randomBytesNeverThrow(@ForAll byte[] bytes) {
        use(bytes);
    }

    @Property(tries = 3000)
    void randomBytesBehindAGoodHeaderNeverThrow(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] good = RandomEvents.event(EventSchema.get(), random);
        byte[] bytes = new byte[random.nextInt(300) + 8];
        random.nextBytes(bytes);
        System.arraycopy(good, 0, bytes, 0, 8);
        use(bytes);
    }

    @Property(tries = 20_000)
    void mutatedMessagesNeverThrow(@ForAll long seed) {
        Random random = new Random(seed);
        use(mutate(RandomEvents.event(EventSchema.get(), random), random));
    }

    @Property(tries = 5000)
    void mutatedJsonNeverThrows(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] event = RandomEvents.event(EventSchema.get(), random);
        use(mutate(EventJson.write(view.wrap(event)).getBytes(StandardCharsets.UTF_8), random));
    }

    @Property(tries = 5000)
    void damagedStoredValuesAreMalformedOrReadable(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] value = StoredEvent.encode(RandomEvents.event(EventSchema.get(), random), new Arrival(1, "events", 2, 3));
        byte[] damaged = mutate(value, random);
        try {
            StoredEvent stored = new StoredEvent().wrap(damaged);
            readAll(stored.event());
            assertThat(stored.key()).hasSize(EventKey.LENGTH);
        } catch (MalformedEventException e) {
            assertThat(e.detail()).isNotBlank();
        }
    }

    private void use(byte[] bytes) {
        byte[] before = bytes.clone();
        Decoded decoded = decoder.decode(bytes);
        assertThat(bytes).isEqualTo(before);
        if (!decoded.isAccepted()) {
            assertThat(decoded.rejection().detail()).isNotBlank();
            readDamaged(bytes);
            return;
        }
        readAll(decoder.event());
        assertThat(EventIdentity.key(decoder.event(), "t", 0, 0)).isEqualTo(EventIdentity.of(decoder.event(), "t", 0, 0).key());
        assertThat(decoder.event().routeKeyBytes()).isEqualTo(decoder.event().routeKey().getBytes(StandardCharsets.UTF_8));
        if (decoder.event().version() == EventSchema.get().version()) {
            byte[] event = decoded.event();
            String json = EventJson.write(decoder.event());
            assertThat(decoder.decode(json.getBytes(StandardCharsets.UTF_8)).event()).as(json).isEqualTo(event);
        }
    }

    private void readDamaged(byte[] bytes) {
        try {
            readAll(view.wrap(bytes));
        } catch (MalformedEventException e) {
            assertThat(e.reason()).isNotNull();
        }
    }

    private static void readAll(EventView event) {
        for (Field field : event.recordType().fields()) {
            event.isNull(field);
            switch (field.kind()) {
                case LONG, INT -> event.getLong(field);
                case DOUBLE -> event.getDouble(field);
                case ENUM -> event.getString(field);
                case STRING -> {
                    byte[] bytes = event.getBytes(field);
                    assertThat(bytes == null ? 0 : bytes.length).isEqualTo(event.textLength(field));
                    event.getString(field);
                }
                case LEVELS -> {
                    for (int i = 0; i < event.levelCount(field); i++) {
                        event.levelPrice(field, i);
                        event.levelVolume(field, i);
                    }
                }
            }
        }
    }

    private static byte[] mutate(byte[] bytes, Random random) {
        byte[] out = bytes.clone();
        for (int times = 1 + random.nextInt(3); times > 0; times--) {
            int at = random.nextInt(out.length);
            switch (random.nextInt(6)) {
                case 0 -> out[at] ^= 1 << random.nextInt(8);
                case 1 -> out[at] = (byte) random.nextInt(256);
                case 2 -> out = Arrays.copyOf(out, Math.max(1, at));
                case 3 -> out = Arrays.copyOf(out, out.length + random.nextInt(20));
                case 4 -> System.arraycopy(out, at, out, random.nextInt(out.length - (out.length - at) + 1), out.length - at);
                default -> out[random.nextInt(Math.min(out.length, 60))] = (byte) (random.nextBoolean() ? 0xFF : 0x80);
            }
        }
        return out;
    }
}
