package io.qaexchange.events;

/** Strict UTF-8: nothing is replaced, so a text that goes in comes out. */
final class Utf8 {

    /** Answer of {@link #encode} for half a surrogate pair. */
    static final int NOT_ENCODABLE = -1;
    /** Answer of {@link #encode} for a text that does not fit. */
    static final int TOO_LONG = -2;

    private Utf8() {
    }

    /**
     * Index of the first byte in [from, to) that is not part of well-formed UTF-8 (no overlong forms, no surrogates, nothing
     * above U+10FFFF), or -1.
     */
    static int firstInvalid(byte[] bytes, int from, int to) {
        int i = from;
        while (i < to) {
            int b = bytes[i];
            if (b >= 0) {
                i++;
                continue;
            }
            int length = sequenceLength(bytes, i, to);
            if (length == 0) {
                return i;
            }
            i += length;
        }
        return -1;
    }

    private static int sequenceLength(byte[] bytes, int i, int to) {
        int b0 = bytes[i] & 0xFF;
        if (b0 >= 0xC2 && b0 <= 0xDF) {
            return i + 1 < to && isContinuation(bytes[i + 1]) ? 2 : 0;
        }
        if (b0 >= 0xE0 && b0 <= 0xEF) {
            if (i + 2 >= to || !isContinuation(bytes[i + 1]) || !isContinuation(bytes[i + 2])) {
                return 0;
            }
            int b1 = bytes[i + 1] & 0xFF;
            boolean overlong = b0 == 0xE0 && b1 < 0xA0;
            boolean surrogate = b0 == 0xED && b1 > 0x9F;
            return overlong || surrogate ? 0 : 3;
        }
        if (b0 >= 0xF0 && b0 <= 0xF4) {
            if (i + 3 >= to || !isContinuation(bytes[i + 1]) || !isContinuation(bytes[i + 2]) || !isContinuation(bytes[i + 3])) {
                return 0;
            }
            int b1 = bytes[i + 1] & 0xFF;
            boolean overlong = b0 == 0xF0 && b1 < 0x90;
            boolean beyond = b0 == 0xF4 && b1 > 0x8F;
            return overlong || beyond ? 0 : 4;
        }
        return 0;
    }

    private static boolean isContinuation(byte b) {
        return (b & 0xC0) == 0x80;
    }

    /**
     * Writes {@code text} to {@code target} and returns the number of bytes, {@link #NOT_ENCODABLE} or {@link #TOO_LONG}
     * (more than {@code limit} bytes). Allocates nothing.
     */
    static int encode(String text, byte[] target, int offset, int limit) {
        int length = text.length();
        int end = offset + limit;
        int o = offset;
        for (int i = 0; i < length; i++) {
            int c = text.charAt(i);
            if (Character.isSurrogate((char) c)) {
                if (!Character.isHighSurrogate((char) c) || i + 1 == length || !Character.isLowSurrogate(text.charAt(i + 1))) {
                    return NOT_ENCODABLE;
                }
                c = Character.toCodePoint((char) c, text.charAt(++i));
            }
            int size = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
            if (o + size > end) {
                return TOO_LONG;
            }
            switch (size) {
                case 1 -> target[o] = (byte) c;
                case 2 -> target[o] = (byte) (0xC0 | c >> 6);
                case 3 -> target[o] = (byte) (0xE0 | c >> 12);
                default -> target[o] = (byte) (0xF0 | c >> 18);
            }
            for (int k = 1; k < size; k++) {
                target[o + k] = (byte) (0x80 | c >> 6 * (size - 1 - k) & 0x3F);
            }
            o += size;
        }
        return o - offset;
    }
}
