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
