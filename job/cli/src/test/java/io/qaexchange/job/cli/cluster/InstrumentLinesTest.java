package io.qaexchange.job.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.model.store.InstrumentState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class InstrumentLinesTest {

    private static final long NOW_MS = 1_767_657_600_000L;

    private static InstrumentStatistics of(String key, long stored, long archived, long bytes, long newestNs, long arrivalMs) {
        return new InstrumentStatistics(key, stored, archived, archived * 20, bytes, 3, 0, 0, newestNs, arrivalMs, Long.MIN_VALUE, InstrumentState.NO_TIME);
    }

    @Test
    void showsTheBusiestWithUnitsAndSaysHowManyThereAre() {
        List<InstrumentStatistics> all = List.of(of("SHFE.rb2601", 1_200_000, 1_000_000, 30 << 20, 1_767_657_599_123_456_789L, NOW_MS - 1_500),
                of("@A0100", 5_000_000, 0, 9, 1, 1), of("DCE.m2605", 7, 0, 1, InstrumentState.NO_TIME, 0), of("CZCE.SR605", 2_000_000, 0, 0, 0, NOW_MS - 7_200_000));

        assertThat(InstrumentLines.of(all, 2, NOW_MS)).containsExactly(
                "instrument        rows        hot       cold  to archive  archived  late       newest event (UTC)  last arrival",
                "CZCE.SR605   2,000,000  2,000,000          0       0 KiB     0 KiB     3      1970-01-01 00:00:00       2 h ago",
                "SHFE.rb2601  1,200,000    200,000  1,000,000    30.0 MiB  19.1 MiB     3  2026-01-05 23:59:59.123     1.5 s ago",
                "1 more; --instruments 3 shows all");
        assertThat(InstrumentLines.of(all, 20, NOW_MS)).hasSize(4).last().asString().startsWith("DCE.m2605").endsWith("  -             -");
    }

    @Test
    void tenThousandInstrumentsAreNotManyForIt() {
        List<InstrumentStatistics> all = new ArrayList<>();
        for (int i = 0; i < 10_000; i++) {
            all.add(of("X.i" + i, i, 0, i, i, NOW_MS));
        }
        assertThat(InstrumentLines.of(all, 10_000, NOW_MS)).hasSize(10_001);
    }
}
