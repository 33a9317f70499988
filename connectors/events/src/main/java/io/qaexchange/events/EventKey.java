package io.qaexchange.events;

import java.util.Arrays;

/**
 * Stored key of an event within its route key: 25 bytes. Their unsigned order is the order in which rows are read.
 *
 * <pre>
 *   offset  size  field
 *        0     1  code of the record type, 1 to 127
 *        1     8  event time, nanoseconds since 1970, big-endian, sign bit flipped
 *        9     8  hash of the source, big-endian
 *       17     8  sequence, big-endian, sign bit flipped
 * </pre>
 *
 * <p>The source's hash: FNV-1a with 64 bits over the UTF-8 bytes (offset basis 0xcbf29ce484222325, prime 0x100000001b3), then x ^= x >>>
 * 33, x *= 0xff51afd7ed558ccd, x ^= x >>> 33, x *= 0xc4ceb9fe1a85ec53, x ^= x >>> 33. It is part of stored keys and never changes.
 *
 * <p>Stateless.
 */
public final class EventKey {

    /** Bytes of a key. */
    public static final int LENGTH = 25;
    /** Position of the event time, counted from the end of the key: the value of the engine option {@code eventTimeFromEnd}. */
    public static final int EVENT_TIME_FROM_END = 24;

    static final int TIME_OFFSET = 1;
    static final int SOURCE_OFFSET = 9;
    static final int SEQUENCE_OFFSET = 17;

    private EventKey() {
    }

    /** The key of these parts. */
    public static byte[] encode(int recordCode, long eventTimeNs, long sourceHash, long sequence) {
        byte[] key = new byte[LENGTH];
        encode(recordCode, eventTimeNs, sourceHash, sequence, key, 0);
        return key;
    }

    /** Writes the key of these parts to {@code target[offset, offset + 25)}. */
    public static void encode(int recordCode, long eventTimeNs, long sourceHash, long sequence, byte[] target, int offset) {
        if (recordCode < 1 || recordCode > 127) {
            throw new IllegalArgumentException("record code " + recordCode + " is not 1 to 127");
        }
        target[offset] = (byte) recordCode;
        Bytes.putLongBigEndian(target, offset + TIME_OFFSET, eventTimeNs ^ Long.MIN_VALUE);
        Bytes.putLongBigEndian(target, offset + SOURCE_OFFSET, sourceHash);
        Bytes.putLongBigEndian(target, offset + SEQUENCE_OFFSET, sequence ^ Long.MIN_VALUE);
    }

    /** The lowest key of a record type at or after a time: the lower (or exclusive upper) end of a range. */
    public static byte[] lowest(int recordCode, long eventTimeNs) {
        return encode(recordCode, eventTimeNs, 0, Long.MIN_VALUE);
    }

    public static int recordCode(byte[] key) {
        return checked(key)[0];
    }

    /** Nanoseconds since 1970. */
    public static long eventTime(byte[] key) {
        return Bytes.getLongBigEndian(checked(key), TIME_OFFSET) ^ Long.MIN_VALUE;
    }

    /** As {@link #eventTime(byte[])}, of a key that begins at an offset. */
    public static long eventTime(byte[] bytes, int offset) {
        return Bytes.getLongBigEndian(bytes, offset + TIME_OFFSET) ^ Long.MIN_VALUE;
    }

    public static long sourceHash(byte[] key) {
        return Bytes.getLongBigEndian(checked(key), SOURCE_OFFSET);
    }

    public static long sequence(byte[] key) {
        return Bytes.getLongBigEndian(checked(key), SEQUENCE_OFFSET) ^ Long.MIN_VALUE;
    }

    /** Unsigned lexicographic order, the order of stored keys. */
    public static int compare(byte[] a, byte[] b) {
        return Arrays.compareUnsigned(a, b);
    }

    /** The source's hash as it stands in keys, over {@code utf8[offset, offset + length)}. */
    public static long hash(byte[] utf8, int offset, int length) {
        long x = 0xcbf29ce484222325L;
        for (int i = offset; i < offset + length; i++) {
            x = (x ^ utf8[i] & 0xFF) * 0x100000001b3L;
        }
        x = (x ^ x >>> 33) * 0xff51afd7ed558ccdL;
        x = (x ^ x >>> 33) * 0xc4ceb9fe1a85ec53L;
        return x ^ x >>> 33;
    }

    private static byte[] checked(byte[] key) {
        if (key.length != LENGTH) {
            throw new MalformedEventException(RejectionReason.BAD_LENGTH, "event key of " + key.length + " bytes, expected 25");
        }
        return key;
    }
}
