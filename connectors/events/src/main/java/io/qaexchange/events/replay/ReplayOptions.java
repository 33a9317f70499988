package io.qaexchange.events.replay;

import java.time.ZoneId;
import java.util.Locale;
import java.util.Objects;

/**
 * How a recorded file is to be read.
 *
 * @param table the table of a CSV file; null for other formats
 * @param zone zone of the times of a LOBSTER file
 */
public record ReplayOptions(Format format, String table, ZoneId zone) {

    /** Where LOBSTER's files come from. */
    public static final ZoneId DEFAULT_ZONE = ZoneId.of("America/New_York");

    /** The formats of recorded files. */
    public enum Format {
        /** A header of column names, then a record of one table per line. */
        CSV,
        /** A JSON object per line. */
        JSONL,
        /** LOBSTER message files, with the order book file beside it if there is one. */
        LOBSTER;

        /**
         * The format of that name, in small letters.
         *
         * @throws IllegalArgumentException if there is none
         */
        public static Format of(String name) {
            for (Format format : values()) {
                if (format.name().toLowerCase(Locale.ROOT).equals(name)) {
                    return format;
                }
            }
            throw new IllegalArgumentException("unknown format " + name + "; expected csv, jsonl or lobster");
        }
    }

    public ReplayOptions {
        Objects.requireNonNull(format, "format");
        Objects.requireNonNull(zone, "zone");
        if ((format == Format.CSV) != (table != null)) {
            throw new IllegalArgumentException(format == Format.CSV ? "name the table of the CSV file (--table)"
                    : "a table is named for CSV files only: " + format + " files say it themselves");
        }
    }

    public static ReplayOptions csv(String table) {
        return new ReplayOptions(Format.CSV, table, DEFAULT_ZONE);
    }

    public static ReplayOptions jsonl() {
        return new ReplayOptions(Format.JSONL, null, DEFAULT_ZONE);
    }

    public static ReplayOptions lobster(ZoneId zone) {
        return new ReplayOptions(Format.LOBSTER, null, zone);
    }
}
