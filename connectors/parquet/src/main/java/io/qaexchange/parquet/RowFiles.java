package io.qaexchange.parquet;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import javax.annotation.Nullable;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.convert.GroupRecordConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.schema.MessageType;

/** Files of {@link RowParquetWriter}. Stateless. */
public final class RowFiles {

    private RowFiles() {
    }

    /**
     * Writes the rows of several files of one table into one file on the local disk, file after file, each in its order.
     *
     * @param file the file to write; it is not there after a failure
     * @param footer the footer's entries besides table, schema version, time range and row count
     * @return the rows of each file
     * @throws IOException if a file cannot be read, is damaged, or has other columns than the first
     */
    public static long[] join(List<InputFile> sources, Path file, Map<String, String> footer, ParquetOptions options) throws IOException {
        EventFileFooter first = EventFileFooter.read(sources.get(0));
        MessageType schema = schema(sources.get(0));
        long[] rows = new long[sources.size()];
        try (RowParquetWriter writer = RowParquetWriter.create(file, first.table(), schema, options)) {
            for (int i = 0; i < rows.length; i++) {
                EventFileFooter source = EventFileFooter.read(sources.get(i));
                if (!source.table().equals(first.table())) {
                    throw new IOException(sources.get(i) + " is of table " + source.table() + ", not " + first.table());
                }
                rows[i] = copy(sources.get(i), schema, writer);
                writer.cover(source.minEventTimeNs(), source.maxEventTimeNs());
            }
            writer.finish(footer);
        }
        return rows;
    }

    /** A row that is read. */
    @FunctionalInterface
    public interface Row {
        /** The text in a column; null if it is null, or the file has no such column. */
        @Nullable
        String text(String column);
    }

    /** Names of a file's columns. */
    public static Set<String> columns(InputFile source) throws IOException {
        Set<String> names = new LinkedHashSet<>();
        schema(source).getFields().forEach(field -> names.add(field.getName()));
        return names;
    }

    /** Visits the rows of a file in their order. */
    public static void forEachRow(InputFile source, Consumer<Row> visitor) throws IOException {
        MessageType schema = schema(source);
        read(source, schema, group -> visitor.accept(rowOf(group, schema)));
    }

    /**
     * Writes some rows of a file into one on the local disk, in their order. The footer keeps the time range of all.
     *
     * @param file the file to write; it is not there after a failure
     * @param kept which rows
     * @param footer the footer's entries besides table, schema version, time range and row count
     */
    public static void filter(InputFile source, Path file, Predicate<Row> kept, Map<String, String> footer, ParquetOptions options) throws IOException {
        EventFileFooter range = EventFileFooter.read(source);
        MessageType schema = schema(source);
        try (RowParquetWriter writer = RowParquetWriter.create(file, range.table(), schema, options)) {
            read(source, schema, group -> {
                if (kept.test(rowOf(group, schema))) {
                    writer.copy(group);
                }
            });
            writer.cover(range.minEventTimeNs(), range.maxEventTimeNs());
            writer.finish(footer);
        }
    }

    private static Row rowOf(Group group, MessageType schema) {
        return column -> schema.containsField(column) && group.getFieldRepetitionCount(column) > 0 ? group.getBinary(column, 0).toStringUsingUTF8() : null;
    }

    /** Takes rows. */
    @FunctionalInterface
    private interface GroupVisitor {
        void accept(Group row) throws IOException;
    }

    private static MessageType schema(InputFile source) throws IOException {
        try (ParquetFileReader reader = ParquetReaders.openChecked(source)) {
            return reader.getFileMetaData().getSchema();
        }
    }

    private static long copy(InputFile source, MessageType schema, RowParquetWriter writer) throws IOException {
        return read(source, schema, writer::copy);
    }

    private static long read(InputFile source, MessageType schema, GroupVisitor visitor) throws IOException {
        try (ParquetFileReader reader = ParquetReaders.openChecked(source)) {
            MessageType found = reader.getFileMetaData().getSchema();
            if (!found.equals(schema)) {
                throw new IOException(source + " has other columns than the first file: " + found + " instead of " + schema);
            }
            MessageColumnIO columns = new ColumnIOFactory().getColumnIO(schema);
            long rows = 0;
            for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                RecordReader<Group> records = columns.getRecordReader(pages, new GroupRecordConverter(schema));
                for (long left = pages.getRowCount(); left > 0; left--) {
                    visitor.accept(records.read());
                    rows++;
                }
            }
            return rows;
        } catch (RuntimeException e) {
            throw new IOException(source + " is damaged: " + e.getMessage(), e);
        }
    }
}
