package io.qaexchange.events.replay;

import io.qaexchange.events.ArrivalColumn;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventText;
import io.qaexchange.events.Field;
import io.qaexchange.events.MalformedEventException;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.RejectionReason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * CSV: a header with column names of one table in any order, then a record per line (RFC 4180). Commas separate, quotation marks enclose
 * texts that hold commas, line ends or (doubled) quotation marks. Empty is absent. Arrival columns are allowed, as in exported files, and
 * ignored.
 */
final class CsvReader extends LineReader {

    /** Columns of queries and of the archive that are made from others. */
    private static final Set<String> DERIVED = Set.of("event_time_us", "date");
    /** A quotation mark that is not closed within so many lines is a fault of its own line. */
    private static final int MAX_LINES = 1000;

    private final RecordType type;
    private final EventBuilder builder = new EventBuilder();
    private final List<String> values = new ArrayList<>();
    /** The field of each column, null for one that is not read. */
    private Field[] columns;

    private CsvReader(LineFile file, RecordType type) {
        super(file);
        this.type = type;
    }

    static CsvReader open(Path path, String table) {
        RecordType type = EventSchema.get().table(table);
        CsvReader reader = new CsvReader(LineFile.open(path), type);
        try {
            reader.readHeader();
            return reader;
        } catch (ReplayException e) {
            reader.close();
            throw e;
        }
    }

    private void readHeader() {
        byte[] line = file().next();
        String where = file().name() + " line 1: ";
        if (line == null || line.length == 0) {
            throw new ReplayException(where + "expected column names of table " + type.table() + ", found nothing");
        }
        try {
            split(utf8(line), values);
        } catch (MalformedEventException e) {
            throw new ReplayException(where + e.detail(), e);
        }
        columns = new Field[values.size()];
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < columns.length; i++) {
            String name = values.get(i).trim();
            columns[i] = type.findField(name);
            if (columns[i] == null && !isArrivalColumn(name)) {
                throw new ReplayException(where + "table " + type.table() + " has no column " + name + "; it has "
                        + type.fields().stream().map(Field::name).toList());
            }
            if (!seen.add(name)) {
                throw new ReplayException(where + "column " + name + " stands twice");
            }
        }
        for (Field field : type.fields()) {
            boolean needed = !field.nullable() && field != type.tradingDay() && field.kind() != Field.Kind.LEVELS;
            if (needed && !seen.contains(field.name())) {
                throw new ReplayException(where + "column " + field.name() + " of table " + type.table() + " is required");
            }
        }
    }

    private static boolean isArrivalColumn(String name) {
        return DERIVED.contains(name) || Arrays.stream(ArrivalColumn.values()).anyMatch(c -> c.column().equals(name));
    }

    @Override
    void read(byte[] line) {
        long number = file().number();
        splitRecord(utf8(line));
        if (values.size() != columns.length) {
            throw new MalformedEventException(RejectionReason.BAD_LENGTH,
                    "line has " + values.size() + " values, the header " + columns.length);
        }
        builder.start(type);
        for (int i = 0; i < columns.length; i++) {
            if (columns[i] != null) {
                EventText.set(builder, columns[i], values.get(i));
            }
        }
        if (!builder.hasOwnIdentity()) {
            builder.identity(file().name(), number);
        }
        addEvent(builder.build(), number);
    }

    /** Splits a record, which goes on over the next lines while a quotation mark is open. */
    private void splitRecord(String first) {
        String text = first;
        List<byte[]> more = new ArrayList<>();
        while (true) {
            try {
                split(text, values);
                return;
            } catch (MalformedEventException e) {
                if (e.reason() != RejectionReason.TRUNCATED) {
                    throw e;
                }
                String lineEnd = file().lineEnd();
                byte[] next = more.size() < MAX_LINES && text.length() < EventSchema.MAX_MESSAGE_BYTES ? file().next() : null;
                if (next != null) {
                    more.add(next);
                }
                try {
                    if (next == null || next == LineFile.TOO_LONG) {
                        throw e;
                    }
                    text += lineEnd + utf8(next);
                } catch (MalformedEventException invalid) {
                    file().putBack(more);
                    throw e;
                }
            }
        }
    }

    /** Splits a line at its commas. */
    static void split(String line, List<String> values) {
        values.clear();
        int at = 0;
        while (true) {
            if (at < line.length() && line.charAt(at) == '"') {
                at = quoted(line, at + 1, values);
            } else {
                int comma = line.indexOf(',', at);
                int end = comma < 0 ? line.length() : comma;
                values.add(line.substring(at, end));
                at = end;
            }
            if (at == line.length()) {
                return;
            }
            at++;
        }
    }

    /** Reads a value up to its closing quotation mark; answers where its comma is, or the end of the line. */
    private static int quoted(String line, int from, List<String> values) {
        StringBuilder value = new StringBuilder();
        int at = from;
        while (true) {
            int mark = line.indexOf('"', at);
            if (mark < 0) {
                throw new MalformedEventException(RejectionReason.TRUNCATED, "a quotation mark at " + from + " is not closed");
            }
            value.append(line, at, mark);
            at = mark + 1;
            if (at == line.length() || line.charAt(at) == ',') {
                values.add(value.toString());
                return at;
            }
            if (line.charAt(at) != '"') {
                throw new MalformedEventException(RejectionReason.BAD_VALUE,
                        "expected a comma behind the quotation mark at " + (mark + 1));
            }
            value.append('"');
            at++;
        }
    }
}
