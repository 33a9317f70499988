package io.qaexchange.job.query.live;

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

    ReadLevel LIVE = new Live();

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
        return switch (text) {
            case "live" -> LIVE;
            case "checkpoint" -> new LatestCheckpoint();
            case "archive" -> new Archive();
            default -> throw new IllegalArgumentException("level \"" + text + "\" is none of live, checkpoint, checkpoint:<id>, archive");
        };
    }
}
