package io.qaexchange.job.query.live;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Which moment of the job a read sees. */
public sealed interface ReadLevel {

    /** Each instrument exactly as of one moment after the read began. */
    record Live() implements ReadLevel {
        @Override
        public String toString() {
            return "live";
        }
    }

    /** All instruments as of the newest Flink checkpoint whose rows are held: one exact cut through all partitions. */
    record LatestCheckpoint() implements ReadLevel {
        @Override
        public String toString() {
            return "checkpoint";
        }
    }

    /** As of one Flink checkpoint. */
    record Checkpoint(long id) implements ReadLevel {
        @Override
        public String toString() {
            return "checkpoint:" + id;
        }
    }

    /** Archived rows only, as of the newest version of the archive manifest. */
    record Archive() implements ReadLevel {
        @Override
        public String toString() {
            return "archive";
        }
    }

    /** As of the newest completed Flink checkpoint, read from its files: with every state backend, and while the job restarts. */
    record CheckpointInFiles() implements ReadLevel {
        @Override
        public String toString() {
            return "files";
        }
    }

    /**
     * Live if the job can be read, else as {@link CheckpointInFiles}.
     *
     * @param oldest age of the checkpoint above which there is no answer
     */
    record Stale(Duration oldest) implements ReadLevel {
        @Override
        public String toString() {
            return "stale:" + oldest.toMillis() + "ms";
        }
    }

    ReadLevel LIVE = new Live();

    Pattern STALE = Pattern.compile("stale:(\\d{1,9})(ms|s|m|h)");

    Pattern OF_CHECKPOINT = Pattern.compile("checkpoint:(\\d{1,18})");

    /**
     * Reads a level.
     *
     * @throws IllegalArgumentException naming the levels
     */
    static ReadLevel parse(String text) {
        Matcher matcher = OF_CHECKPOINT.matcher(text);
        if (matcher.matches()) {
            return new Checkpoint(Long.parseLong(matcher.group(1)));
        }
        Matcher stale = STALE.matcher(text);
        if (stale.matches()) {
            ChronoUnit unit = switch (stale.group(2)) {
                case "ms" -> ChronoUnit.MILLIS;
                case "s" -> ChronoUnit.SECONDS;
                case "m" -> ChronoUnit.MINUTES;
                default -> ChronoUnit.HOURS;
            };
            return new Stale(Duration.of(Long.parseLong(stale.group(1)), unit));
        }
        return switch (text) {
            case "live" -> LIVE;
            case "files" -> new CheckpointInFiles();
            case "checkpoint" -> new LatestCheckpoint();
            case "archive" -> new Archive();
            default -> throw new IllegalArgumentException("level \"" + text + "\" is none of live, checkpoint, checkpoint:<id>, archive, files, stale:<time> (such as stale:30s)");
        };
    }
}
