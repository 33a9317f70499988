package io.qaexchange.archive.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.LegalHold;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RetentionPolicyTest {

    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

    @Test
    void refusesToDropBeforeItCopies() {
        assertThatThrownBy(() -> new RetentionStages(90, 30, null)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("local files would go after 30 d (local-retention) and are copied after 90 d (remote-after): a policy that drops before it"
                        + " copies is refused. Set remote-after to at most 30 d");
        assertThatThrownBy(() -> new RetentionStages(null, 30, null)).hasMessageContaining("a policy that drops before it copies is refused");
        assertThatThrownBy(() -> new RetentionStages(1, 30, 20)).hasMessageContaining("Set delete-after to at least 30 d");
        assertThatThrownBy(() -> new RetentionStages(30, null, 30)).hasMessageContaining("the copy would be in vain");
        assertThatThrownBy(() -> new RetentionStages(null, null, -1)).hasMessageContaining("must not be negative");
        assertThat(new RetentionStages(30, 30, 365).localRetention()).isEqualTo(30);
    }

    @Test
    void countsFromTheEarlierOfTodayAndTheNewestTradingDay() {
        RetentionPolicy policy = new RetentionPolicy(new RetentionStages(null, null, 30), Map.of());

        assertThat(expired(policy, NOW, "2026-01-29", "2026-01-30", "2026-03-01")).containsExactly("2026-01-29");
        assertThat(expired(policy, NOW, "2026-01-29", "2026-01-30", "2100-01-01")).as("one row of the year 2100").containsExactly("2026-01-29");
        assertThat(expired(policy, Instant.parse("2100-01-01T00:00:00Z"), "2026-02-01", "2026-03-01")).as("a clock that jumps").isEmpty();
        assertThat(expired(policy, Instant.parse("2020-01-01T00:00:00Z"), "2026-02-01", "2026-03-01")).as("a clock that is behind").isEmpty();
        assertThat(expired(policy, NOW, "2025-01-01", "2025-01-02")).as("a market that closed for good").isEmpty();
    }

    @Test
    void aTableHasStagesOfItsOwn() {
        RetentionPolicy policy = new RetentionPolicy(new RetentionStages(null, null, 30), Map.of("tick", RetentionStages.KEEP));
        assertThat(expired(policy, NOW, "2025-01-29", "2026-03-01")).isEmpty();
    }

    @Test
    void aHoldKeepsItsInstrumentItsDayAndItsTable() {
        DataFile file = new DataFile("b", "tick", "2026-01-06", "p", 1, 1, 1, 1, 2, "a-0", 1, "IF2601", "rb2605", 0, 1, null, null);

        assertThat(new LegalHold("h", null, "au2606", null, "r", 0).holds(file)).isTrue();
        assertThat(new LegalHold("h", null, "zn2601", null, "r", 0).holds(file)).isFalse();
        assertThat(new LegalHold("h", "trade", null, null, "r", 0).holds(file)).isFalse();
        assertThat(new LegalHold("h", null, null, "2026-01-06", "r", 0).holds(file)).isTrue();
        assertThat(new LegalHold("h", null, null, "2026-01-07", "r", 0).holds(file)).isFalse();
    }

    private static List<String> expired(RetentionPolicy policy, Instant now, String... days) {
        List<DataFile> files = new ArrayList<>();
        for (String day : days) {
            files.add(new DataFile("batch-" + day, "tick", day, day + ".parquet", 1, 1, 1, 1, 2, "a-0", 1));
        }
        ArchiveManifest manifest = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1)).withFiles(files);
        return policy.expired(manifest, now).stream().map(DataFile::tradingDay).toList();
    }
}
