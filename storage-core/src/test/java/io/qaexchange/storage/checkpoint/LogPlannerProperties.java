package io.qaexchange.storage.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.LogPlan;
import io.qaexchange.storage.LogRange;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

/** Pieces cover the log exactly, whatever is there; and there are few of them, each byte written few times. */
class LogPlannerProperties {
    @Property(tries = 500)
    void piecesAndRangesCoverTheLogOnce(@ForAll long seed, @ForAll @IntRange(max = 40) int steps) {
        Random random = new Random(seed);
        List<LogPiece> pieces = new ArrayList<>();
        long flushed = 0;
        long sequence = 0;
        for (int i = 0; i < steps; i++) {
            sequence += random.nextInt(4) == 0 ? 0 : random.nextInt(1000);
            if (random.nextInt(8) == 0) {
                flushed += random.nextLong(sequence - flushed + 1);
            }
            if (!pieces.isEmpty() && random.nextInt(6) == 0) {
                // An upload was lost, or let go.
                pieces.remove(random.nextInt(pieces.size()));
            }
            LogPlan plan = LogPlanner.plan(flushed, sequence, pieces, range -> bytes(range, 100));
            pieces = take(plan, 100);
            assertThat(uncovered(flushed, sequence, pieces)).as("step %s", i).isEmpty();
            assertThat(LogPlanner.plan(flushed, sequence, pieces, range -> 0).missing()).isEmpty();
        }
    }

    private static List<Long> uncovered(long flushed, long sequence, List<LogPiece> pieces) {
        List<Long> wrong = new ArrayList<>();
        for (long number = flushed + 1; number <= sequence; number++) {
            long at = number;
            if (pieces.stream().filter(piece -> piece.firstSequence() <= at && at <= piece.lastSequence()).count() != 1) {
                wrong.add(number);
            }
        }
        return wrong;
    }

    @Test
    void aMemtableIsCoveredByFewPiecesAndEachByteIsWrittenFewTimes() {
        // 5 KB, 100 KB and 2 MB per checkpoint, until a memtable of 64 MB is full.
        for (long perCheckpoint : new long[] {5_000, 100_000, 2_000_000}) {
            List<LogPiece> pieces = new ArrayList<>();
            long written = 0;
            long most = 0;
            long last = 64_000_000 / perCheckpoint;
            for (long sequence = 1; sequence <= last; sequence++) {
                LogPlan plan = LogPlanner.plan(0, sequence, pieces, range -> bytes(range, perCheckpoint));
                written += plan.missing().stream().mapToLong(range -> bytes(range, perCheckpoint)).sum();
                pieces = take(plan, perCheckpoint);
                most = Math.max(most, pieces.size());
            }
            assertThat(most).as("pieces at %s bytes per checkpoint", perCheckpoint).isLessThanOrEqualTo(24);
            assertThat(written / (double) (last * perCheckpoint)).as("times that a byte is written at %s", perCheckpoint).isLessThanOrEqualTo(8);
        }
    }

    @Test
    void nothingWrittenIsNoPiece() {
        assertThat(LogPlanner.plan(7, 7, List.of(), range -> 0).missing()).isEmpty();
    }

    private static long bytes(LogRange range, long each) {
        return (range.lastSequence() - range.firstSequence() + 1) * each;
    }

    private static List<LogPiece> take(LogPlan plan, long each) {
        List<LogPiece> pieces = new ArrayList<>(plan.reused());
        for (LogRange range : plan.missing()) {
            pieces.add(new LogPiece("piece", range.firstSequence(), range.lastSequence(), 1, 1, bytes(range, each)));
        }
        return pieces;
    }
}
