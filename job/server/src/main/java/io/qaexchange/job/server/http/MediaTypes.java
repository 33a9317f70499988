package io.qaexchange.job.server.http;

import io.qaexchange.job.query.sql.ResultFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.annotation.Nullable;

/** Media types of results, as {@code Accept} names them. */
enum MediaTypes {
    JSON("application/json", ResultFormat.JSON),
    NDJSON("application/x-ndjson", ResultFormat.JSON),
    CSV("text/csv", ResultFormat.CSV),
    ARROW("application/vnd.apache.arrow.file", ResultFormat.ARROW),
    PARQUET("application/vnd.apache.parquet", ResultFormat.PARQUET),
    TABLE("text/plain", ResultFormat.TABLE);

    private final String type;
    private final ResultFormat format;

    MediaTypes(String type, ResultFormat format) {
        this.type = type;
        this.format = format;
    }

    String type() {
        return type;
    }

    /** With the character set, where it is text. */
    String contentType() {
        return format.isText() && this != JSON && this != NDJSON ? type + ";charset=utf-8" : type;
    }

    ResultFormat format() {
        return format;
    }

    /**
     * The best type for a request.
     *
     * @param format value of the parameter {@code format}, which wins; null if there is none
     * @param accept the header; null if there is none
     * @throws Problem if nothing fits
     */
    static MediaTypes choose(@Nullable String format, @Nullable String accept) {
        if (format != null) {
            for (MediaTypes type : values()) {
                if (type.name().equalsIgnoreCase(format)) {
                    return type;
                }
            }
            throw Problem.badRequest("unknown-format", "format \"" + format + "\" is none of json, ndjson, csv, arrow, parquet, table");
        }
        if (accept == null || accept.isBlank()) {
            return JSON;
        }
        MediaTypes best = null;
        double bestQuality = 0;
        for (Map.Entry<String, Double> range : ranges(accept).entrySet()) {
            for (MediaTypes type : values()) {
                if (range.getValue() > bestQuality && type.matches(range.getKey())) {
                    best = type;
                    bestQuality = range.getValue();
                }
            }
        }
        if (best == null) {
            throw new Problem(406, "not-acceptable", "Accept: " + accept + " names none of application/json, application/x-ndjson, text/csv, "
                    + "application/vnd.apache.arrow.file, application/vnd.apache.parquet, text/plain");
        }
        return best;
    }

    private static Map<String, Double> ranges(String accept) {
        Map<String, Double> ranges = new LinkedHashMap<>();
        for (String part : accept.split(",")) {
            String[] pieces = part.split(";");
            double quality = 1;
            for (int i = 1; i < pieces.length; i++) {
                String piece = pieces[i].strip();
                if (piece.startsWith("q=")) {
                    try {
                        quality = Double.parseDouble(piece.substring(2));
                    } catch (NumberFormatException e) {
                        throw Problem.badRequest("bad-accept", "Accept: " + accept + ": " + piece + " is no quality");
                    }
                }
            }
            ranges.putIfAbsent(pieces[0].strip().toLowerCase(java.util.Locale.ROOT), quality);
        }
        return ranges;
    }

    private boolean matches(String range) {
        return range.equals("*/*") || range.equals(type) || range.endsWith("/*") && type.startsWith(range.substring(0, range.length() - 1));
    }
}
