package io.qaexchange.events;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Cache of Strings for texts that repeat, such as instruments, accounts and topics. Equal bytes give the same String, without allocation
 * and with its hash already computed. Rare texts are replaced by frequent ones.
 *
 * <p>Memory: at most the given number of texts. Thread-safe: entries are immutable, and one that is lost in a race is made again.
 */
public final class TextPool {

    private static final int HASH_MULTIPLIER = 31;
    private static final int SPREAD = 0x9E3779B9;

    private record Entry(byte[] utf8, String text) {
    }

    private final Entry[] entries;
    private final int shift;

    /**
     * An empty pool.
     *
     * @param texts how many it holds, a power of two
     */
    public TextPool(int texts) {
        if (Integer.bitCount(texts) != 1 || texts < 2) {
            throw new IllegalArgumentException("texts must be a power of two: " + texts);
        }
        entries = new Entry[texts];
        shift = Integer.SIZE - Integer.numberOfTrailingZeros(texts);
    }

    /** The String of the UTF-8 in {@code bytes[offset, offset + length)}. */
    public String get(byte[] bytes, int offset, int length) {
        int end = offset + length;
        int hash = 0;
        for (int i = offset; i < end; i++) {
            hash = HASH_MULTIPLIER * hash + bytes[i];
        }
        int slot = hash * SPREAD >>> shift;
        Entry found = entries[slot];
        if (found != null && Arrays.equals(found.utf8, 0, found.utf8.length, bytes, offset, end)) {
            return found.text;
        }
        String text = new String(bytes, offset, length, StandardCharsets.UTF_8);
        entries[slot] = new Entry(Arrays.copyOfRange(bytes, offset, end), text);
        return text;
    }
}
