package io.qaexchange.job.query.audit;

/**
 * The rows that must be there: a hash table in primitive arrays, 25 bytes for each slot.
 *
 * <p>One thread.
 */
final class ExpectedRows {

    /** Bytes of memory for an expected row, at the load that the table is made for. */
    static final int BYTES_PER_ROW = 42;

    private static final byte EMPTY = -1;
    private static final byte MANY = 2;
    private static final byte EXPLAINED = 3;

    private final int mask;
    private final long[] identityHigh;
    private final long[] identityLow;
    private final long[] content;
    private final byte[] seen;
    private long size;

    /** A table for up to that many rows. */
    ExpectedRows(long rows) {
        long slots = Long.highestOneBit(Math.max(16, rows * 5 / 3)) * 2;
        if (slots > 1 << 30) {
            throw new IllegalArgumentException(rows + " rows do not fit one table");
        }
        mask = (int) slots - 1;
        identityHigh = new long[mask + 1];
        identityLow = new long[mask + 1];
        content = new long[mask + 1];
        seen = new byte[mask + 1];
        java.util.Arrays.fill(seen, EMPTY);
    }

    long size() {
        return size;
    }

    /** Expects a row; false if its identity is expected already, and then stays as it is. */
    boolean expect(RowDigest row) {
        int slot = slot(row);
        if (seen[slot] != EMPTY) {
            return false;
        }
        if (size * 4 > mask * 3L) {
            throw new IllegalStateException("table is full at " + size + " rows");
        }
        identityHigh[slot] = row.identityHigh();
        identityLow[slot] = row.identityLow();
        content[slot] = row.content();
        seen[slot] = 0;
        size++;
        return true;
    }

    /** Verdicts on a row that was found. */
    enum Found {
        RIGHT, DOUBLED, ALTERED, UNEXPECTED
    }

    Found found(RowDigest row) {
        int slot = slot(row);
        if (seen[slot] == EMPTY) {
            return Found.UNEXPECTED;
        }
        if (seen[slot] < MANY) {
            seen[slot]++;
        }
        if (seen[slot] >= MANY) {
            return Found.DOUBLED;
        }
        return content[slot] == row.content() ? Found.RIGHT : Found.ALTERED;
    }

    /** No longer counts a missing row as such: there may be a reason why it is gone. It stays so for the rest of the audit. */
    void explain(RowDigest row) {
        seen[slot(row)] = EXPLAINED;
    }

    /** Whether a row is expected, was not found and not explained. */
    boolean isMissing(RowDigest row) {
        return seen[slot(row)] == 0;
    }

    long missing() {
        long missing = 0;
        for (byte times : seen) {
            missing += times == 0 ? 1 : 0;
        }
        return missing;
    }

    private int slot(RowDigest row) {
        int slot = (int) (row.identityLow() ^ row.identityLow() >>> 32) & mask;
        while (seen[slot] != EMPTY && (identityHigh[slot] != row.identityHigh() || identityLow[slot] != row.identityLow())) {
            slot = slot + 1 & mask;
        }
        return slot;
    }
}
