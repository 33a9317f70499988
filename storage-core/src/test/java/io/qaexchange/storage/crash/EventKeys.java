package io.qaexchange.storage.crash;

import io.qaexchange.storage.memory.Memory;

/** Keys with an event time: one letter, the time (big-endian, sign flipped), one digit. */
final class EventKeys {
    static final int TIME_FROM_END = 9;

    private EventKeys() {}

    static byte[] of(char letter, long time, int digit) {
        byte[] key = new byte[10];
        key[0] = (byte) letter;
        Memory.putLong(key, Memory.ARRAY_BASE + 1, Long.reverseBytes(time ^ Long.MIN_VALUE));
        key[9] = (byte) ('0' + digit);
        return key;
    }

    static long time(byte[] key) {
        return Memory.getLongBigEndian(key, Memory.ARRAY_BASE + 1) ^ Long.MIN_VALUE;
    }
}
