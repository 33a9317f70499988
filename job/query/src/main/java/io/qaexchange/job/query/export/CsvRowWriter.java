package io.qaexchange.job.query.export;

import io.qaexchange.events.ArrivalColumn;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;

/**
 * CSV that {@code bin/replay --format csv} reads: a header of column names; times in nanoseconds, numbers with all their digits, levels of
 * a book as {@code [[price,volume],…]}, nothing for what is absent. Texts with commas, quotation marks or line ends are quoted.
 */
public final class CsvRowWriter implements RowWriter {

    private final RecordType type;
    private final Writer out;
    private final StringBuilder line = new StringBuilder();

    private CsvRowWriter(RecordType type, Writer out) {
        this.type = type;
        this.out = out;
    }

    /** A writer to that stream; begins with the header. */
    public static CsvRowWriter open(RecordType type, OutputStream out) throws IOException {
        Writer writer = new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8), 1 << 16);
        StringBuilder header = new StringBuilder();
        type.fields().forEach(field -> header.append(field.name()).append(','));
        for (ArrivalColumn column : ArrivalColumn.values()) {
            header.append(column.column()).append(',');
        }
        header.setCharAt(header.length() - 1, '\n');
        writer.write(header.toString());
        return new CsvRowWriter(type, writer);
    }

    @Override
    public void write(StoredEvent stored, int tradingDay) throws IOException {
        EventView event = stored.event();
        EventIdentity identity = event.hasOwnIdentity() ? null
                : EventIdentity.of(event, stored.topic(), stored.partition(), stored.offset());
        line.setLength(0);
        for (Field field : type.fields()) {
            if (field == type.tradingDay()) {
                line.append(tradingDay);
            } else if (field == type.source() && identity != null) {
                text(identity.source());
            } else if (field == type.sequence() && identity != null) {
                line.append(identity.sequence());
            } else if (!event.isNull(field)) {
                value(event, field);
            }
            line.append(',');
        }
        line.append(stored.ingestTimeNs()).append(',');
        text(stored.topic());
        line.append(',').append(stored.partition()).append(',').append(stored.offset()).append('\n');
        out.append(line);
    }

    private void value(EventView event, Field field) {
        switch (field.kind()) {
            case LONG, INT -> line.append(event.getLong(field));
            case DOUBLE -> line.append(event.getDouble(field));
            case STRING, ENUM -> text(event.getString(field));
            case LEVELS -> levels(event, field);
        }
    }

    private void levels(EventView event, Field field) {
        line.append("\"[");
        for (int level = 0; level < event.levelCount(field); level++) {
            line.append(level == 0 ? "[" : ",[").append(event.levelPrice(field, level)).append(',')
                    .append(event.levelVolume(field, level)).append(']');
        }
        line.append("]\"");
    }

    private void text(String text) {
        boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        line.append(plain ? text : '"' + text.replace("\"", "\"\"") + '"');
    }

    @Override
    public void finish() throws IOException {
        out.flush();
    }

    @Override
    public void close() throws IOException {
        line.setLength(0);
    }
}
