package io.qaexchange.storage.checkpoint;

import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.LogPlan;
import io.qaexchange.storage.LogRange;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;

/**
 * Covers a range of the log with pieces: those that are there, and new ones for the rest.
 *
 * <p>Size tiers of factor {@value #FACTOR}: tier t holds pieces of up to 4 KiB × 4<sup>t+1</sup>. When a new piece would follow on
 * {@code FACTOR - 1} of its tier or below, it takes their place too. A write is therefore written about once per tier, and there are
 * few pieces of each. Pure functions.
 */
public final class LogPlanner {
    static final int FACTOR = 4;
    private static final int SMALLEST_LOG2 = 12;

    /** Tells how much log a range is. */
    @FunctionalInterface
    public interface LogBytes {
        long of(LogRange range);
    }

    private LogPlanner() {}

    /**
     * @param flushed up to which the log is in sstables
     * @param sequence up to which it is to be covered
     */
    public static LogPlan plan(long flushed, long sequence, Collection<LogPiece> available, LogBytes bytes) {
        List<LogPiece> sorted = new ArrayList<>(available);
        sorted.removeIf(piece -> piece.lastSequence() <= flushed || piece.lastSequence() > sequence);
        sorted.sort(Comparator.comparingLong(LogPiece::firstSequence));
        List<LogPiece> reused = new ArrayList<>();
        List<LogRange> missing = new ArrayList<>();
        long covered = flushed;
        // Pieces from here on follow on one another without a gap.
        int unbroken = 0;
        for (LogPiece piece : sorted) {
            if (piece.firstSequence() <= covered && !reused.isEmpty()) {
                continue;
            }
            if (piece.firstSequence() > covered + 1) {
                missing.add(new LogRange(covered + 1, piece.firstSequence() - 1));
                unbroken = reused.size();
            }
            reused.add(piece);
            covered = piece.lastSequence();
        }
        if (covered < sequence) {
            missing.add(tail(flushed, new LogRange(covered + 1, sequence), reused, unbroken, bytes));
        }
        return new LogPlan(reused, missing);
    }

    /** The last range, and with it the pieces before that it takes the place of. */
    private static LogRange tail(long flushed, LogRange end, List<LogPiece> reused, int unbroken, LogBytes bytes) {
        LogRange range = end;
        long size = bytes.of(end);
        while (true) {
            int run = 0;
            long runBytes = 0;
            for (int i = reused.size() - 1; i >= unbroken && tier(reused.get(i).logBytes()) <= tier(size); i--) {
                run++;
                runBytes += reused.get(i).logBytes();
            }
            if (run < FACTOR - 1) {
                return range;
            }
            List<LogPiece> replaced = reused.subList(reused.size() - run, reused.size());
            range = new LogRange(Math.max(flushed + 1, replaced.get(0).firstSequence()), end.lastSequence());
            size += runBytes;
            replaced.clear();
        }
    }

    private static int tier(long bytes) {
        return Math.max(0, 63 - Long.numberOfLeadingZeros(Math.max(1, bytes)) - SMALLEST_LOG2) / 2;
    }
}
