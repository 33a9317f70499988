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

    /** An alert with its figures, and what to do: who is woken by it must not have to look it up. */
    private static void assertAlert(List<JobStatus.Operator> operators, JobFigures figures, JobStatus.Checkpoints checkpoints, String title, String detail, String action) {
        assertThat(JobAlert.of("RUNNING", operators, figures, checkpoints, NOW)).singleElement().satisfies(alert -> {
            assertThat(alert.severity() + " " + alert.title()).isEqualTo(title);
            assertThat(alert.detail()).isEqualTo(detail);
            assertThat(alert.action()).contains(action).endsWith(".");
        });
    }

    private static void assertFigures(String title, String detail, String action, Object... figures) {
        assertAlert(RUN, figures(figures), checkpoints(), title, detail, action);
    }

    @Test
    void eachCauseHasItsAlertAndSaysWhatToDo() {
        assertThat(JobAlert.of("FAILED", RUN, figures(), checkpoints(), NOW)).singleElement().satisfies(alert -> assertThat(alert.action()).contains("bin/resume latest"));
        assertAlert(List.of(new JobStatus.Operator("Event store", "INITIALIZING", 2)), figures(), checkpoints(), "CRITICAL Some operators do not run", "Event store (INITIALIZING)",
                "slots or TaskManagers are missing: bin/cluster start");
        assertAlert(RUN, figures(), checkpoints(complete(300, 200)), "CRITICAL No Flink checkpoint completes", "the last one is 300 s old", "Look for a full disk, a checkpoint storage that does not answer");
        assertAlert(RUN, figures(), checkpoints(complete(5, 12_000)), "WARNING Flink checkpoints take longer than their interval", "12,000 ms, every 10,000 ms", "Raise checkpoint-interval");
        assertFigures("CRITICAL Dead letters are not written", "1 letters", "Create the dead-letter topic, or grant WRITE", "deadLettersNotWritten", 1);
        assertFigures("CRITICAL Dead letters were not committed", "1 transactions", "Grant WRITE on the dead-letter topic and on transactional ids", "deadLetterTransactionsNotCommitted", 1);
        assertFigures("CRITICAL Archived batches are not published", "1 batches", "See whether the archive folder can be written", "unpublishedBatches", 1);
        assertFigures("WARNING Files of the archive could not be written", "1 rounds began again", "The local disk is full or broken", "archivingFailures", 1);
        assertFigures("WARNING Archiving is paused", "in 2 subtasks", "POST /admin/archive/resume ends it", "archivingPaused", 2);
        assertFigures("CRITICAL The disk of a TaskManager is nearly full", "4,000 MB are left", "Free space, or add TaskManagers", "diskFreeBytes", 4_000_000_000L);
        assertFigures("CRITICAL Messages wait and none is stored", "5 messages; the last row was stored 31 s ago", "Look for back-pressure or a stalled task", "arrivalAgeMs", 31_000, "pendingRecords", 5);
        assertFigures("WARNING The sum of all messages does not add up", "1 more rows, duplicates and dead letters than messages", "run bin/audit", "stored", 96);
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
