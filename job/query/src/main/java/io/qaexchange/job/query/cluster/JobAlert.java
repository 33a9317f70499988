package io.qaexchange.job.query.cluster;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Something that is wrong with a job, in words. The thresholds are those of {@code docs/operations.md}, as far as one look tells; what needs a look at
 * the past is left to Prometheus.
 *
 * @param severity whether rows are at risk or just late
 * @param title what is wrong, for a list
 * @param detail the figures
 * @param action what to do
 */
public record JobAlert(Severity severity, String title, String detail, String action) {

    private static final long LEAST_DISK_BYTES = 5_000_000_000L;
    private static final long STALLED_MS = 30_000;
    private static final int LATE_INTERVALS = 3;
    private static final long LATE_CHECKPOINT_MS = 120_000;

    /** How bad it is. */
    public enum Severity {
        /** The job does not do its work, or rows are at risk. */
        CRITICAL,
        /** It will, if nothing is done. */
        WARNING
    }

    /** The alerts of a job, critical ones first; none if all is well. */
    static List<JobAlert> of(String state, List<JobStatus.Operator> operators, JobFigures figures, JobStatus.Checkpoints checkpoints, Instant now) {
        List<JobAlert> alerts = new ArrayList<>();
        if (!state.equals("RUNNING")) {
            alerts.add(critical("The job does not run", "its state is " + state, "Look at its last failure. Flink restarts it after most failures; if it has "
                    + "ended, bin/resume latest goes on from its last Flink checkpoint."));
            return alerts;
        }
        addOfOperators(alerts, operators);
        addOfCheckpoints(alerts, checkpoints, now);
        addOfFigures(alerts, figures);
        alerts.sort((a, b) -> a.severity().compareTo(b.severity()));
        return alerts;
    }

    private static void addOfOperators(List<JobAlert> alerts, List<JobStatus.Operator> operators) {
        List<String> waiting = operators.stream().filter(operator -> !operator.state().equals("RUNNING") && !operator.state().equals("FINISHED"))
                .map(operator -> operator.name() + " (" + operator.state() + ")").toList();
        if (!waiting.isEmpty()) {
            alerts.add(critical("Some operators do not run", String.join(", ", waiting), "If it lasts, slots or TaskManagers are missing: bin/cluster start."));
        }
    }

    private static void addOfCheckpoints(List<JobAlert> alerts, JobStatus.Checkpoints checkpoints, Instant now) {
        JobStatus.Checkpoint complete = checkpoints.lastComplete();
        if (complete == null) {
            return;
        }
        long ageMs = complete.ageMs(now);
        if (ageMs > Math.max(LATE_CHECKPOINT_MS, LATE_INTERVALS * checkpoints.intervalMs())) {
            JobStatus.Checkpoint newest = checkpoints.newest().get(0);
            alerts.add(critical("No Flink checkpoint completes", "the last one is " + ageMs / 1000 + " s old"
                    + (newest.failure() == null ? "" : "; the newest failed: " + newest.failure()), "Look for a full disk, a checkpoint storage that does not "
                    + "answer, or a stalled operator. Until one completes, files are not published and a restart reads far back."));
        } else if (checkpoints.intervalMs() > 0 && complete.durationMs() > Math.max(checkpoints.intervalMs(), 1_000)) {
            alerts.add(warning("Flink checkpoints take longer than their interval", text("%,d ms, every %,d ms", complete.durationMs(), checkpoints.intervalMs()),
                    "Raise checkpoint-interval, or give the checkpoint storage more bandwidth."));
        }
    }

    private static void addOfFigures(List<JobAlert> alerts, JobFigures figures) {
        if (figures.get("deadLettersNotWritten") > 0) {
            alerts.add(critical("Dead letters are not written", text("%,d letters", figures.get("deadLettersNotWritten")),
                    "Create the dead-letter topic, or grant WRITE on it. The log of the TaskManagers names each message."));
        }
        if (figures.get("deadLetterTransactionsNotCommitted") > 0) {
            alerts.add(critical("Dead letters were not committed", text("%,d transactions", figures.get("deadLetterTransactionsNotCommitted")),
                    "Grant WRITE on the dead-letter topic and on transactional ids that begin with the job's name. The messages are still in their own topics."));
        }
        if (figures.get("unpublishedBatches") > 0) {
            alerts.add(critical("Archived batches are not published", text("%,d batches", figures.get("unpublishedBatches")),
                    "See whether the archive folder can be written, and whether the committer runs."));
        }
        if (figures.get("archivingFailures") > 0) {
            alerts.add(warning("Files of the archive could not be written", text("%,d rounds began again", figures.get("archivingFailures")),
                    "The local disk is full or broken. After five failures in a row the task fails."));
        }
        if (figures.get("archivingPaused") > 0) {
            alerts.add(warning("Archiving is paused", text("in %,d subtasks", figures.get("archivingPaused")),
                    "An operator paused it; hot rows grow meanwhile. GET /admin/archive says who and why, POST /admin/archive/resume ends it."));
        }
        Long disk = figures.byName().get("diskFreeBytes");
        if (disk != null && disk < LEAST_DISK_BYTES) {
            alerts.add(critical("The disk of a TaskManager is nearly full", text("%,d MB are left", disk / 1_000_000),
                    "Free space, or add TaskManagers with disks of their own: when it is full, archiving stops and the job restarts."));
        }
        if (figures.get("arrivalAgeMs") > STALLED_MS && figures.get("pendingRecords") > 0) {
            alerts.add(critical("Messages wait and none is stored", text("%,d messages; the last row was stored %,d s ago", figures.get("pendingRecords"),
                    figures.get("arrivalAgeMs") / 1000), "Look for back-pressure or a stalled task in Flink's web interface."));
        }
        if (figures.open() < 0) {
            alerts.add(warning("The sum of all messages does not add up", text("%,d more rows, duplicates and dead letters than messages", -figures.open()),
                    "Figures of one moment may differ by what is on its way. If it stays, run bin/audit."));
        }
    }

    private static JobAlert critical(String title, String detail, String action) {
        return new JobAlert(Severity.CRITICAL, title, detail, action);
    }

    private static JobAlert warning(String title, String detail, String action) {
        return new JobAlert(Severity.WARNING, title, detail, action);
    }

    private static String text(String format, Object... values) {
        return String.format(Locale.ROOT, format, values);
    }
}
