package io.qaexchange.storage.bench;

import io.qaexchange.storage.memory.Memory;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Records of an exchange: 35-byte keys (key group, instrument, type, event time, source hash, sequence), 96-byte values that compress
 * about as events do, 200 instruments with Zipf activity, in time order. The same seed gives the same records.
 */
final class Workload {
    static final int KEY_BYTES = 35;
    static final int VALUE_BYTES = 96;
    private static final int INSTRUMENTS = 200;
    private static final long START_NANOS = 1_700_000_000_000_000_000L;
    private static final long STEP_NANOS = 20_000;

    private final byte[][] prefixes = new byte[INSTRUMENTS][];
    private final short[] instrumentOf;

    Workload(int records) {
        SplittableRandom random = new SplittableRandom(42);
        double[] cumulative = new double[INSTRUMENTS];
        double sum = 0;
        for (int i = 0; i < INSTRUMENTS; i++) {
            sum += 1.0 / (i + 1);
            cumulative[i] = sum;
            byte[] name = String.format("SHFE%04d", i).getBytes(StandardCharsets.US_ASCII);
            prefixes[i] = new byte[11];
            prefixes[i][1] = (byte) (i % 128);
            System.arraycopy(name, 0, prefixes[i], 2, 8);
            prefixes[i][10] = 1;
        }
        instrumentOf = new short[records];
        for (int i = 0; i < records; i++) {
            int at = Arrays.binarySearch(cumulative, random.nextDouble() * sum);
            instrumentOf[i] = (short) Math.min(INSTRUMENTS - 1, at < 0 ? -at - 1 : at);
        }
    }

    int records() {
        return instrumentOf.length;
    }

    /** The key of record {@code i}; {@code absent} gives one beside it that was never written. */
    void key(int i, boolean absent, byte[] into) {
        System.arraycopy(prefixes[instrumentOf[i]], 0, into, 0, 11);
        Memory.putLong(into, Memory.ARRAY_BASE + 11, Long.reverseBytes(START_NANOS + i * STEP_NANOS + (absent ? 7 : 0) ^ Long.MIN_VALUE));
        Memory.putLong(into, Memory.ARRAY_BASE + 19, 0x6a09e667f3bcc908L + instrumentOf[i]);
        Memory.putLong(into, Memory.ARRAY_BASE + 27, Long.reverseBytes(i));
    }

    /** A third of the value is random, the rest are small numbers and text, as in an encoded event. */
    void value(int i, byte[] into) {
        long state = i * 0x9E3779B97F4A7C15L;
        Arrays.fill(into, (byte) 0);
        for (int at = 0; at < 32; at += 8) {
            state = (state ^ (state >>> 29)) * 0xBF58476D1CE4E5B9L;
            Memory.putLong(into, Memory.ARRAY_BASE + at, state);
        }
        Memory.putLong(into, Memory.ARRAY_BASE + 40, 3500 + (state & 127));
        Memory.putInt(into, Memory.ARRAY_BASE + 52, (int) (state >>> 8) & 31);
        into[64] = 'A';
        into[65] = 'C';
        into[66] = 'C';
        Memory.putInt(into, Memory.ARRAY_BASE + 68, instrumentOf[i]);
    }

    byte[] prefixOf(int i) {
        return prefixes[instrumentOf[i]];
    }
}
