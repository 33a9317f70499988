package io.qaexchange.job.query.sql;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import javax.annotation.Nullable;

/** Forms of a result. */
public enum ResultFormat {
    /** Columns aligned, with a header, for people. */
    TABLE,
    /** RFC 4180, with a header. Nothing is NULL, "" an empty text. */
    CSV,
    /** One JSON object per line. */
    JSON,
    /** A Parquet file. */
    PARQUET,
    /** An Arrow IPC file. */
    ARROW;

    /** The format of that name, or null. */
    @Nullable
    public static ResultFormat find(String name) {
        return Arrays.stream(values()).filter(format -> format.label().equals(name)).findFirst().orElse(null);
    }

    /** All names, for messages. */
    public static String names() {
        return Arrays.stream(values()).map(ResultFormat::label).collect(Collectors.joining(", "));
    }

    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Whether a terminal can show it. */
    public boolean isText() {
        return this != PARQUET && this != ARROW;
    }
}
