package io.qaexchange.storage.sstable;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Random;

/**
 * Records as the engine's targets name them: 35-byte keys (key group, instrument, type, time, source, sequence), 96-byte values, 200
 * instruments with Zipf activity, in time order within an instrument.
 */
public final class EventRecords {
    public static final int COUNT = 500_000;
    private static final int INSTRUMENTS = 200;
    private static final int TIME_OFFSET = 11;
    private static final int PROBES = 1 << 18;

    private final byte[][] sorted = new byte[COUNT][];
    private final byte[][] arriving;
    private final byte[][] probes = new byte[PROBES][];
    private final byte[][] absent = new byte[PROBES][];
    private final byte[][] values = new byte[1024][];

    public EventRecords() {
        Random random = new Random(42);
        double[] share = new double[INSTRUMENTS];
        double total = 0;
        for (int i = 0; i < INSTRUMENTS; i++) {
            share[i] = 1.0 / (i + 1);
            total += share[i];
        }
        int at = 0;
        for (int i = 0; i < INSTRUMENTS && at < COUNT; i++) {
            int rows = i == INSTRUMENTS - 1 ? COUNT - at : Math.min(COUNT - at, (int) (COUNT * share[i] / total));
            long time = 1_700_000_000_000_000_000L;
            for (int row = 0; row < rows; row++) {
                time += 1 + random.nextInt(2_000_000 * (i + 1));
                sorted[at++] = key(i, time, row);
            }
        }
        arriving = sorted.clone();
        Arrays.sort(arriving, Comparator.comparingLong(key -> ByteBuffer.wrap(key).getLong(TIME_OFFSET) ^ Long.MIN_VALUE));
        for (int i = 0; i < PROBES; i++) {
            probes[i] = sorted[random.nextInt(COUNT)];
            absent[i] = probes[i].clone();
            absent[i][34] ^= 0x40;
            absent[i][20] ^= 0x11;
        }
        for (int i = 0; i < values.length; i++) {
            // Half of it compresses, as prices and volumes do.
            ByteBuffer value = ByteBuffer.allocate(96);
            while (value.remaining() >= 16) {
                value.putLong(random.nextInt(10_000)).putLong(random.nextLong() >>> 24);
            }
            values[i] = value.array();
        }
    }

    private static byte[] key(int instrument, long time, long sequence) {
        return ByteBuffer.allocate(35).put((byte) instrument).put(String.format("ins%06d", instrument).getBytes()).put((byte) 2)
                .putLong(time ^ Long.MIN_VALUE).putLong(1).putLong(sequence).array();
    }

    public byte[] sortedKey(int i) {
        return sorted[i];
    }

    /** Keys in the order in which they come in: by time, over all instruments. */
    public byte[] arrivingKey(int i) {
        return arriving[i];
    }

    public byte[] randomKey(int i) {
        return probes[i & PROBES - 1];
    }

    public byte[] absentKey(int i) {
        return absent[i & PROBES - 1];
    }

    public byte[] value(int i) {
        return values[i & values.length - 1];
    }
}
