package io.qaexchange.job.query.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class JobAlertTest {

    private static final Instant NOW = Instant.parse("2026-01-05T09:30:00Z");
    private static final List<JobStatus.Operator> RUN = List.of(new JobStatus.Operator("Event store", "RUNNING", 2));

    private static JobFigures figures(Object... more) {
        Map<String, Long> values = new TreeMap<>(Map.of("consumed", 100L, "stored", 95L, "duplicates", 3L, "deadLetters", 1L, "refused", 1L));
        for (int i = 0; i < more.length; i += 2) {
            values.put((String) more[i], ((Number) more[i + 1]).longValue());
        }
        return new JobFigures(values, Map.of());
    }

    private static JobStatus.Checkpoints checkpoints(JobStatus.Checkpoint... newest) {
        return new JobStatus.Checkpoints(10_000, newest.length, 0, 0, List.of(newest));
    }

    private static JobStatus.Checkpoint complete(long secondsAgo, long durationMs) {
        return new JobStatus.Checkpoint(7, "COMPLETED", false, NOW.minusSeconds(secondsAgo).minusMillis(durationMs).toString(), durationMs, 1, 1, "file:/x", null);
    }

    private static List<String> titles(String state, List<JobStatus.Operator> operators, JobFigures figures, JobStatus.Checkpoints checkpoints) {
        return JobAlert.of(state, operators, figures, checkpoints, NOW).stream().map(alert -> alert.severity() + " " + alert.title()).toList();
    }

    @Test
    void aHealthyJobHasNone() {
        assertThat(titles("RUNNING", RUN, figures(), checkpoints(complete(5, 200)))).isEmpty();
        assertThat(titles("RUNNING", RUN, figures(), checkpoints())).as("before the first checkpoint").isEmpty();
        assertThat(titles("RUNNING", RUN, figures("arrivalAgeMs", 3_600_000), checkpoints(complete(5, 200)))).as("a market that is closed").isEmpty();
    }

    @Test
    void aJobThatDoesNotRunHasNothingElseToSay() {
        assertThat(titles("RESTARTING", RUN, figures("unpublishedBatches", 3), checkpoints())).containsExactly("CRITICAL The job does not run");
    }

    @Test
    void eachCauseHasItsAlert() {
        assertThat(titles("RUNNING", List.of(new JobStatus.Operator("Event store", "INITIALIZING", 2)), figures(), checkpoints())).containsExactly("CRITICAL Some operators do not run");
        assertThat(titles("RUNNING", RUN, figures(), checkpoints(complete(300, 200)))).containsExactly("CRITICAL No Flink checkpoint completes");
        assertThat(titles("RUNNING", RUN, figures(), checkpoints(complete(5, 12_000)))).containsExactly("WARNING Flink checkpoints take longer than their interval");
        assertThat(titles("RUNNING", RUN, figures("deadLettersNotWritten", 1), checkpoints())).containsExactly("CRITICAL Dead letters are not written");
        assertThat(titles("RUNNING", RUN, figures("deadLetterTransactionsNotCommitted", 1), checkpoints())).containsExactly("CRITICAL Dead letters were not committed");
        assertThat(titles("RUNNING", RUN, figures("unpublishedBatches", 1), checkpoints())).containsExactly("CRITICAL Archived batches are not published");
        assertThat(titles("RUNNING", RUN, figures("archivingFailures", 1), checkpoints())).containsExactly("WARNING Files of the archive could not be written");
        assertThat(titles("RUNNING", RUN, figures("diskFreeBytes", 4_000_000_000L), checkpoints())).containsExactly("CRITICAL The disk of a TaskManager is nearly full");
        assertThat(titles("RUNNING", RUN, figures("arrivalAgeMs", 31_000, "pendingRecords", 5), checkpoints())).containsExactly("CRITICAL Messages wait and none is stored");
        assertThat(titles("RUNNING", RUN, figures("stored", 96), checkpoints())).containsExactly("WARNING The sum of all messages does not add up");
    }

    @Test
    void criticalOnesComeFirstAndSayWhatToDo() {
        List<JobAlert> alerts = JobAlert.of("RUNNING", RUN, figures("archivingFailures", 2, "diskFreeBytes", 1), checkpoints(), NOW);

        assertThat(alerts).extracting(JobAlert::severity).containsExactly(JobAlert.Severity.CRITICAL, JobAlert.Severity.WARNING);
        assertThat(alerts).allSatisfy(alert -> {
            assertThat(alert.detail()).isNotBlank();
            assertThat(alert.action()).endsWith(".");
        });
    }
}
