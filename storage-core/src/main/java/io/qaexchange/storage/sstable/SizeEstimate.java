package io.qaexchange.storage.sstable;

/**
 * How much of a file lies in a key range, from the index alone: blocks at the edges count half.
 *
 * @param bytes of data blocks as they stand in the file
 * @param entries versions of keys
 */
public record SizeEstimate(long bytes, long entries) {
    public static final SizeEstimate NOTHING = new SizeEstimate(0, 0);

    public SizeEstimate plus(SizeEstimate other) {
        return new SizeEstimate(bytes + other.bytes, entries + other.entries);
    }
}
