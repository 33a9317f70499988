package io.qaexchange.job.server.http;

import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.model.store.InstrumentState;
import java.util.List;
import java.util.function.Function;

/**
 * Numbers of some instruments in the text format of Prometheus. Whoever asks says of how many, and shows who he is: the server's own metrics are open to
 * all and name no instrument. Stateless.
 */
final class InstrumentSeries {

    private static final String PREFIX = "qaexchange_instrument_";
    private static final double NANOS_PER_SECOND = 1e9;

    private InstrumentSeries() {
    }

    /** All series, one of each metric for each instrument. */
    static String text(List<InstrumentStatistics> instruments) {
        StringBuilder text = new StringBuilder();
        add(text, "stored_rows_total", "counter", "Rows that were ever stored.", instruments, InstrumentStatistics::stored);
        add(text, "cold_rows_total", "counter", "Rows in files that were handed over to the archive.", instruments, InstrumentStatistics::archived);
        add(text, "cold_bytes_total", "counter", "Bytes of these rows in the files, as they were written.", instruments,
                of -> of.archivedBytes() == InstrumentState.UNKNOWN ? null : of.archivedBytes());
        add(text, "hot_bytes", "gauge", "Stored bytes of the rows that wait to be archived.", instruments, InstrumentStatistics::unarchivedBytes);
        add(text, "late_rows", "gauge", "Rows that arrived below the archive watermark and are not archived yet.", instruments, InstrumentStatistics::lateRows);
        add(text, "newest_event_seconds", "gauge", "Newest event time, seconds since 1970.", instruments,
                of -> of.newestEventNs() == InstrumentState.NO_TIME ? null : of.newestEventNs() / NANOS_PER_SECOND);
        return text.toString();
    }

    private static void add(StringBuilder text, String name, String kind, String meaning, List<InstrumentStatistics> instruments,
            Function<InstrumentStatistics, Number> number) {
        text.append("# HELP ").append(PREFIX).append(name).append(' ').append(meaning).append("\n# TYPE ").append(PREFIX).append(name).append(' ').append(kind)
                .append('\n');
        for (InstrumentStatistics of : instruments) {
            Number value = number.apply(of);
            if (value != null) {
                text.append(PREFIX).append(name).append("{instrument=\"").append(escaped(of.routeKey())).append("\"} ").append(value).append('\n');
            }
        }
    }

    private static String escaped(String label) {
        return label.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
}
