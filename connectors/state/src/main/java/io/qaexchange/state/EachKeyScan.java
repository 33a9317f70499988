package io.qaexchange.state;

import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.Arrays;
import javax.annotation.Nullable;

/**
 * A scan that shows, of each key, the rows between the same two bounds, and at most so many: it jumps from the end of one key's rows to the
 * first of the next key's, so that rows outside the bounds are not looked at.
 */
final class EachKeyScan extends StoredScan {
    /** How long the head of a stored key is: key group and key. */
    @FunctionalInterface
    interface HeadLength {
        int of(Slice storedKey) throws IOException;
    }

    private final HeadLength headLength;
    @Nullable
    private final byte[] lower;
    @Nullable
    private final byte[] upper;
    private final long mostPerKey;
    /** Bytes of the key whose rows are scanned; null before the first. */
    @Nullable
    private byte[] head;
    /** Where the wanted rows of that key begin, and end. */
    private KeyRange wanted;
    private long shown;

    /**
     * @param lower first row of each key that is wanted, without the head; null for its first
     * @param upper first row of each key that is no longer wanted; null for no bound
     */
    EachKeyScan(Source source, StoredRange range, HeadLength headLength, @Nullable byte[] lower, @Nullable byte[] upper, long mostPerKey) {
        super(source, range);
        this.headLength = headLength;
        this.lower = lower;
        this.upper = upper;
        this.mostPerKey = mostPerKey;
    }

    @Override
    boolean isWanted(StoreIterator at) throws IOException {
        Slice row = at.key();
        if (head == null || !row.startsWith(head)) {
            enter(row);
            if (!wanted.isEmpty() && jumpToFirst(at, row)) {
                return false;
            }
        }
        if (shown < mostPerKey && wanted.contains(row)) {
            shown++;
            return true;
        }
        leave(at);
        return false;
    }

    private void enter(Slice row) throws IOException {
        head = Arrays.copyOf(row.toByteArray(), headLength.of(row));
        wanted = KeyRange.of(lower == null ? head : concatenate(head, lower), upper == null ? KeyRange.successor(head) : concatenate(head, upper));
        shown = 0;
    }

    /** @return whether the iterator was moved */
    private boolean jumpToFirst(StoreIterator at, Slice row) throws IOException {
        if (isDescending()) {
            boolean isBehind = wanted.upper() != null && row.compareTo(wanted.upper()) >= 0;
            if (isBehind) {
                at.seekBefore(Slice.of(wanted.upper()));
            }
            return isBehind;
        }
        boolean isBefore = row.compareTo(wanted.lower()) < 0;
        if (isBefore) {
            at.seek(Slice.of(wanted.lower()));
        }
        return isBefore;
    }

    /** To the next key. */
    private void leave(StoreIterator at) throws IOException {
        if (isDescending()) {
            at.seekBefore(Slice.of(head));
            return;
        }
        byte[] next = KeyRange.successor(head);
        if (next == null) {
            // Nothing can follow: after the last entry.
            at.seekToLast();
            at.next();
        } else {
            at.seek(Slice.of(next));
        }
    }

    private static byte[] concatenate(byte[] a, byte[] b) {
        byte[] joined = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, joined, a.length, b.length);
        return joined;
    }
}
