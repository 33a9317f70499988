package io.qaexchange.storage.key;

/**
 * The eight bytes after a user key: sequence number (56 bits) and {@link ValueKind} (8 bits). Entries of one key stand newest first,
 * that is, by descending trailer.
 */
public final class Trailer {
    public static final long MAX_SEQUENCE = (1L << 56) - 1;
    /** Sorts before every entry of its key. */
    public static final long NEWEST = -1L;

    private Trailer() {}

    public static long of(long sequence, int kind) {
        return sequence << 8 | kind;
    }

    public static long sequence(long trailer) {
        return trailer >>> 8;
    }

    public static int kind(long trailer) {
        return (int) (trailer & 0xff);
    }

    /** The trailer from which on a reader at {@code sequence} sees entries: seek to it to skip the newer ones. */
    public static long visibleAt(long sequence) {
        return sequence << 8 | 0xff;
    }

    /** Descending: negative when {@code a} stands before {@code b}. */
    public static int compare(long a, long b) {
        return Long.compareUnsigned(b, a);
    }

    public static String toString(long trailer) {
        return "#" + sequence(trailer) + "," + ValueKind.name(kind(trailer));
    }
}
