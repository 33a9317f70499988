package io.qaexchange.job.server.session;

import java.time.Instant;
import java.util.List;

/**
 * The moment that the rows of an answer are as of.
 *
 * @param level the level, with the number of the checkpoint if it is one's
 * @param pinnedFromMs the earliest moment of a pin, ms since 1970; 0 without pins
 * @param pinnedToMs the latest moment of a pin
 * @param offsets Kafka offsets, topic-partition@offset, separated by commas; empty without pins
 * @param manifestVersion version of the archive manifest
 * @param notices sentences about the rows for whoever asked, such as an instrument of which there is none
 */
public record ReadMoment(String level, long pinnedFromMs, long pinnedToMs, String offsets, long manifestVersion,
        List<String> notices) {

    /** With sentences about the rows. */
    public ReadMoment with(List<String> sentences) {
        return new ReadMoment(level, pinnedFromMs, pinnedToMs, offsets, manifestVersion, sentences);
    }

    /** One sentence for people. */
    public String sentence() {
        StringBuilder text = new StringBuilder("rows as of level ").append(level).append(", manifest version ").append(manifestVersion);
        if (pinnedToMs > 0) {
            text.append(", pinned from ").append(Instant.ofEpochMilli(pinnedFromMs)).append(" to ").append(Instant.ofEpochMilli(pinnedToMs));
        }
        return text.toString();
    }
}
