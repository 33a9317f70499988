package io.qaexchange.job.model.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.BitSet;
import org.junit.jupiter.api.Test;

class InstrumentStateTest {

    private static final int TICKS = 3;
    private static final int TRADES = 4;
    private static final long NOON = 12 * StoredKey.HOUR_NS;

    @Test
    void rangeWhoseRowsWereAllTakenBeforeNeedsNoScan() throws Exception {
        InstrumentState state = new InstrumentState();
        store(state, new StoredKey(TICKS, NOON, 1, 1));

        assertThat(state.mayHaveRowsIn(TICKS, range(NOON, NOON + 1, false))).isTrue();
        assertThat(state.mayHaveRowsIn(TICKS, range(NOON + 1, NOON + 2, false))).as("newest row is older").isFalse();
        assertThat(state.mayHaveRowsIn(TICKS, range(NOON, NOON, false))).as("empty range").isFalse();
        assertThat(state.mayHaveRowsIn(TRADES, range(NOON, NOON + 1, false))).as("no row of the type").isFalse();
    }

    @Test
    void lateRowsOfARangeAreLookedForWhateverTheNewestRowIs() throws Exception {
        InstrumentState state = new InstrumentState();
        store(state, new StoredKey(TICKS, NOON, 1, 1));

        assertThat(state.mayHaveRowsIn(TICKS, range(NOON + 1, NOON + 2, true))).isTrue();
    }

    @Test
    void restoredInstrumentMayHaveRowsAnywhereUntilItsNewestIsKnown() throws Exception {
        InstrumentState before = new InstrumentState();
        store(before, new StoredKey(TICKS, NOON, 1, 1));
        InstrumentState restored = InstrumentState.fromBytes(before.toBytes());

        assertThat(restored.mayHaveRowsIn(TICKS, range(NOON + 1, NOON + 2, false))).isTrue();
        restored.mayHaveEvent(new StoredKey(TICKS, NOON, 1, 2), code -> new StoredKey(code, NOON, 1, 1));
        assertThat(restored.mayHaveRowsIn(TICKS, range(NOON + 1, NOON + 2, false))).isFalse();
        assertThat(restored.mayHaveRowsIn(TICKS, range(NOON, NOON + 1, false))).isTrue();
    }

    @Test
    void bytesInFilesAreCountedAndUnknownAfterAnOlderRelease() throws Exception {
        InstrumentState state = new InstrumentState();
        store(state, new StoredKey(TICKS, NOON, 1, 1));
        state.take(NOON + 1);
        state.handOver(new HotColdBoundary.Batch("batch", TICKS, 20260105, 0, NOON + 1, 0, 0), 1, 300);
        state.handOver(new HotColdBoundary.Batch("other", TICKS, 20260105, 0, NOON + 1, 0, 0), 1, 30);
        byte[] bytes = state.toBytes();
        assertThat(InstrumentState.fromBytes(bytes).archivedBytes()).isEqualTo(330);

        // Version 1 lacks the number: it stands behind the version, four times, a late generation and four counts.
        int at = 1 + 4 * Long.BYTES + Integer.BYTES + 4 * Long.BYTES;
        byte[] older = new byte[bytes.length - Long.BYTES];
        System.arraycopy(bytes, 0, older, 0, at);
        System.arraycopy(bytes, at + Long.BYTES, older, at, older.length - at);
        older[0] = 1;
        InstrumentState restored = InstrumentState.fromBytes(older);
        assertThat(restored.archived()).isEqualTo(2);
        assertThat(restored.archivedBytes()).isEqualTo(InstrumentState.UNKNOWN);
        restored.handOver(new HotColdBoundary.Batch("third", TICKS, 20260105, 0, NOON + 1, 0, 0), 1, 30);
        assertThat(InstrumentState.fromBytes(restored.toBytes()).archivedBytes()).isEqualTo(InstrumentState.UNKNOWN);
    }

    private static void store(InstrumentState state, StoredKey key) throws Exception {
        state.mayHaveEvent(key, code -> {
            throw new IOException("a new instrument has nothing to look for");
        });
        state.storedEvent(key, 1, 0);
    }

    private static HotColdBoundary.Range range(long fromNs, long toNs, boolean late) {
        return new HotColdBoundary.Range(fromNs, toNs, 1, late ? 1 : 0, new BitSet());
    }
}
