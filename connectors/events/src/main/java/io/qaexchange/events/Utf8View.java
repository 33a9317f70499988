package io.qaexchange.events;

import java.nio.charset.StandardCharsets;

/**
 * Flyweight over UTF-8 bytes. ASCII text is compared with Strings and looked up by their hash without decoding. The bytes must not change
 * while the view is in use. One thread.
 */
public final class Utf8View {

    private static final byte[] NONE = {};
    private static final int HASH_MULTIPLIER = 31;

    private byte[] bytes = NONE;
    private int offset;
    private int length;
    private int hash;
    /** The text if it is not ASCII. */
    private String decoded;

    /**
     * Moves the view to the text in {@code bytes[offset, offset + length)}.
     *
     * @return this
     */
    public Utf8View wrap(byte[] bytes, int offset, int length) {
        this.bytes = bytes;
        this.offset = offset;
        this.length = length;
        int end = offset + length;
        int signs = 0;
        int sum = 0;
        for (int i = offset; i < end; i++) {
            signs |= bytes[i];
            sum = HASH_MULTIPLIER * sum + bytes[i];
        }
        decoded = signs < 0 ? new String(bytes, offset, length, StandardCharsets.UTF_8) : null;
        hash = decoded == null ? sum : decoded.hashCode();
        return this;
    }

    public boolean isEmpty() {
        return length == 0;
    }

    /** The {@link String#hashCode} of the text. */
    public int textHash() {
        return hash;
    }

    /** Whether it is that text. */
    public boolean is(String text) {
        if (decoded != null) {
            return decoded.equals(text);
        }
        if (text.length() != length) {
            return false;
        }
        for (int i = 0; i < length; i++) {
            if (text.charAt(i) != bytes[offset + i]) {
                return false;
            }
        }
        return true;
    }

    /** The text. */
    @Override
    public String toString() {
        return decoded != null ? decoded : new String(bytes, offset, length, StandardCharsets.US_ASCII);
    }
}
