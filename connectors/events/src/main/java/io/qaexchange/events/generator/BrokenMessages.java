package io.qaexchange.events.generator;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Generates malformed messages, with the mistakes that producers make. One thread. */
final class BrokenMessages {

    private static final String[] JSON = {
        "{\"type\":\"tick\",\"event_time\":1767690000000000000,\"instrument\":\"SHFE.rb2601\"}",
        "{\"type\":\"tick\",\"event_time\":1767690000000000000,\"instrument\":\"SHFE.rb2601\",\"last_price\":NaN}",
        "{\"type\":\"tick\",\"event_time\":1767690000000000000,\"instrument\":\"SHFE.rb2601\",\"last_price\":\"3801\"}",
        "{\"type\":\"tick\",\"event_time\":\"1969-12-31T23:59:59Z\",\"instrument\":\"SHFE.rb2601\",\"last_price\":3801}",
        "{\"type\":\"tick\",\"event_time\":\"yesterday\",\"instrument\":\"SHFE.rb2601\",\"last_price\":3801}",
        "{\"type\":\"no_such_table\",\"event_time\":1767690000000000000}",
        "{\"type\":\"tick\",\"event_time\":1767690000000000000,\"instrument\":\"SHFE.rb2601\",\"last_price\":3801",
        "{\"type\":\"tick\",\"type\":\"tick\",\"event_time\":1767690000000000000,\"instrument\":\"X\",\"last_price\":1}",
    };
    private static final int SBE_WAYS = 8;

    private final Prng random;

    BrokenMessages(Prng random) {
        this.random = random;
    }

    /** A broken message, made from the bytes of a good one or not. */
    byte[] make(byte[] good) {
        int way = random.nextInt(SBE_WAYS + JSON.length);
        if (way >= SBE_WAYS) {
            return JSON[way - SBE_WAYS].getBytes(StandardCharsets.UTF_8);
        }
        byte[] bytes = good.clone();
        switch (way) {
            case 0 -> bytes = new byte[0];
            case 1 -> bytes = Arrays.copyOf(good, random.nextInt(good.length));
            case 2 -> bytes[4] ^= 0x55;
            case 3 -> bytes[2] = 0x7F;
            case 4 -> bytes[6] = bytes[7] = 0;
            case 5 -> bytes[15] = (byte) 0x80;
            case 6 -> bytes = Arrays.copyOf(good, good.length + 1 + random.nextInt(100));
            default -> bytes = "this is no event".getBytes(StandardCharsets.US_ASCII);
        }
        return bytes;
    }
}
