package io.qaexchange.job.query.hot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class RowFilterTest {

    @Test
    void knowsWhichRangesOfInstrumentsMayPass() {
        RowFilter filter = RowFilter.ofInstruments(Set.of("DCE.m2605", "SHFE.rb2601"));

        assertThat(filter.hasInstrumentBetween("DCE.a", "DCE.z")).isTrue();
        assertThat(filter.hasInstrumentBetween("SHFE.rb2601", "SHFE.rb2601")).as("both ends are inclusive").isTrue();
        assertThat(filter.hasInstrumentBetween("DCE.n", "SHFE.rb2600")).as("between the two").isFalse();
        assertThat(filter.hasInstrumentBetween("SHFE.rb26010", "ZZZ")).as("a longer name is greater").isFalse();
    }

    @Test
    void comparesInstrumentsByTheirBytesInUtf8() {
        // As char the first is smaller than the second, as UTF-8 it is greater.
        String supplementary = "\uD83D\uDE00";
        String privateUse = "\uE000";

        assertThat(RowFilter.ofInstruments(Set.of(supplementary)).hasInstrumentBetween(privateUse, supplementary)).isTrue();
        assertThat(RowFilter.ofInstruments(Set.of(privateUse)).hasInstrumentBetween("a", supplementary)).isTrue();
        assertThat(RowFilter.ofInstruments(Set.of(supplementary)).hasInstrumentBetween("a", privateUse)).isFalse();
    }

    @Test
    void letsUnknownRangesPass() {
        RowFilter filter = RowFilter.ofInstruments(Set.of("SHFE.rb2601"));

        assertThat(filter.hasInstrumentBetween(null, null)).isTrue();
        assertThat(filter.hasInstrumentBetween("Z", null)).isTrue();
        assertThat(RowFilter.ALL.hasInstrumentBetween("a", "b")).isTrue();
    }
}
