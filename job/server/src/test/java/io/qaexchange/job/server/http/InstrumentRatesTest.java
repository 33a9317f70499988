package io.qaexchange.job.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.model.live.InstrumentStatistics;
import java.util.List;
import org.junit.jupiter.api.Test;

class InstrumentRatesTest {

    private final InstrumentRates rates = new InstrumentRates();

    private static InstrumentStatistics rows(String instrument, long stored) {
        return new InstrumentStatistics(instrument, stored, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0);
    }

    private Double rate(String instrument, long stored, long atMs) {
        InstrumentStatistics now = rows(instrument, stored);
        return rates.rates(List.of(now), atMs).of(now);
    }

    @Test
    void isOverHalfAMinuteToAMinuteWhileSomebodyAsks() {
        assertThat(rate("a", 1_000, 1_000_000)).as("one sample says nothing").isNull();
        assertThat(rate("a", 1_100, 1_010_000)).isNull();
        assertThat(rate("a", 1_300, 1_030_000)).isEqualTo(10.0);
        assertThat(rate("a", 1_900, 1_059_000)).as("since the first").isEqualTo(15.3);
        assertThat(rate("a", 1_900, 1_060_000)).as("since the second").isEqualTo(20.0);
        assertThat(rate("a", 1_900, 1_120_000)).as("an idle instrument").isEqualTo(0.0);
    }

    @Test
    void isOverLongerIfNobodyAsked() {
        rate("a", 0, 0);
        assertThat(rate("a", 36_000, 3_600_000)).isEqualTo(10.0);
    }

    @Test
    void anInstrumentThatIsNewCountsFromNothingAndOneThatWentBackHasNone() {
        rate("a", 1_000, 0);
        rate("a", 1_000, 30_000);
        InstrumentStatistics fresh = rows("b", 300);
        assertThat(rates.rates(List.of(fresh), 30_000).of(fresh)).isEqualTo(10.0);
        assertThat(rate("a", 10, 40_000)).as("the job was restored from an earlier point").isNull();
    }

    @Test
    void aClockThatIsPutBackBeginsAnew() {
        rate("a", 0, 100_000);
        rate("a", 100, 200_000);
        assertThat(rate("a", 200, 50_000)).isNull();
        assertThat(rate("a", 500, 80_000)).isEqualTo(10.0);
    }
}
