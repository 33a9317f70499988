package io.qaexchange.archive.compaction;

import io.qaexchange.archive.manifest.ArchivedBatch;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.Sha256;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.parquet.EventFileFooter;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.FooterKeys;
import io.qaexchange.parquet.RowFiles;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Set;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;

/**
 * Writes the rows of a group's files into one local file: events in order, of which those of the same instrument and moment keep the order of their
 * files; rows of the ledger file after file.
 *
 * <p>One thread.
 */
final class FileMerger {

    /** A file whose rows are not in order is sorted in memory, if its stored rows are not larger. */
    private static final long MOST_SORTED_BYTES = 256 << 20;

    private final ManifestStore store;
    private final CompactionOptions options;

    private final class Cursor implements Comparable<Cursor> {
        private final SortedRows rows;
        private final int index;
        private SortedRows.Row row;

        Cursor(SortedRows rows, int index) {
            this.rows = rows;
            this.index = index;
        }

        @Override
        public int compareTo(Cursor other) {
            int order = row.compareTo(other.row);
            return order != 0 ? order : Integer.compare(index, other.index);
        }
    }

    FileMerger(ManifestStore store, CompactionOptions options) {
        this.store = store;
        this.options = options;
    }

    /**
     * Merges a group.
     *
     * @param file the local file to write
     * @param id identity of the compacted file
     * @param path where it will lie, relative to the archive's folder
     * @throws IOException if a file is missing, damaged, changed since it was published, or has another number of rows than the manifest says
     */
    DataFile merge(CompactionGroup group, Path file, String id, String path) throws IOException {
        for (DataFile source : group.files()) {
            requireUnaltered(source);
        }
        if (EventSchema.get().findTable(group.table()) == null) {
            join(group, file, id);
            return describe(group, file, id, path);
        }
        Set<DataFile> toSort = new HashSet<>();
        while (true) {
            DataFile unsorted = null;
            List<Cursor> cursors = new ArrayList<>();
            try {
                for (DataFile source : group.files()) {
                    cursors.add(new Cursor(SortedRows.open(store.locate(source), toSort.contains(source)), cursors.size()));
                }
                int at = write(group, cursors, file, id);
                if (at < 0) {
                    return describe(group, file, id, path);
                }
                unsorted = group.files().get(at);
            } finally {
                for (Cursor cursor : cursors) {
                    cursor.rows.close();
                }
            }
            if (unsorted.rawBytes() > MOST_SORTED_BYTES) {
                throw new IOException("rows of file " + store.locate(unsorted) + " are not in order, and " + unsorted.rawBytes()
                        + " bytes of them are too many to be sorted in memory: it is left as it is");
            }
            toSort.add(unsorted);
        }
    }

    /** Else altered rows would get a new hash that is right, and the check of the archive would not show them any more. */
    private void requireUnaltered(DataFile source) throws IOException {
        if (source.sha256() == null) {
            return;
        }
        String found = Sha256.of(store.locate(source));
        if (!found.equals(source.sha256())) {
            throw new IOException("file " + source.path() + " has SHA-256 " + found + ", the manifest says " + source.sha256()
                    + ": it was changed or is damaged. Restore it from a backup");
        }
    }

    private void join(CompactionGroup group, Path file, String id) throws IOException {
        List<InputFile> sources = new ArrayList<>();
        for (DataFile source : group.files()) {
            sources.add(FlinkInputFile.of(store.locate(source)));
        }
        long[] rows = RowFiles.join(sources, file, footer(group, id), options.parquet());
        for (int i = 0; i < rows.length; i++) {
            checkRows(group.files().get(i), rows[i]);
        }
    }

    private static Map<String, String> footer(CompactionGroup group, String id) {
        Map<String, String> footer = new LinkedHashMap<>();
        footer.put(FooterKeys.BATCH_ID, id);
        footer.put(FooterKeys.TRADING_DAY, group.tradingDay());
        // Stored bytes as the job had them, not as they come back from Parquet.
        footer.put(FooterKeys.RAW_BYTES, Long.toString(group.files().stream().mapToLong(DataFile::rawBytes).sum()));
        return footer;
    }

    /** Writes all rows; gives the index of a file that has to be sorted first, or -1 if all is written. */
    private int write(CompactionGroup group, List<Cursor> cursors, Path file, String id) throws IOException {
        RecordType type = EventSchema.get().findTable(group.table());
        int tradingDay = Integer.parseInt(group.tradingDay().replace("-", ""));
        long[] rows = new long[cursors.size()];
        StoredEvent event = new StoredEvent();
        byte[] firstKey = {};
        byte[] lastKey = {};
        try (EventParquetWriter writer = EventParquetWriter.create(file, type, options.parquet())) {
            PriorityQueue<Cursor> queue = new PriorityQueue<>();
            for (Cursor cursor : cursors) {
                if (advance(cursor)) {
                    queue.add(cursor);
                }
            }
            boolean account = false;
            boolean any = false;
            while (!queue.isEmpty()) {
                Cursor cursor = queue.poll();
                SortedRows.Row row = cursor.row;
                writer.write(event.wrap(row.value()), row.value().length, tradingDay);
                rows[cursor.index]++;
                if (row.account()) {
                    account = true;
                } else {
                    firstKey = any ? firstKey : row.key();
                    lastKey = row.key();
                    any = true;
                }
                try {
                    if (advance(cursor)) {
                        queue.add(cursor);
                    }
                } catch (SortedRows.NotSortedException e) {
                    return cursor.index;
                }
            }
            for (int i = 0; i < rows.length; i++) {
                checkRows(group.files().get(i), rows[i]);
            }
            Map<String, String> footer = footer(group, id);
            footer.put(FooterKeys.MIN_INSTRUMENT, account ? "" : new String(firstKey, StandardCharsets.UTF_8));
            footer.put(FooterKeys.MAX_INSTRUMENT, new String(lastKey, StandardCharsets.UTF_8));
            writer.finish(footer);
            return -1;
        }
    }

    private static boolean advance(Cursor cursor) throws IOException {
        cursor.row = cursor.rows.next();
        return cursor.row != null;
    }

    private void checkRows(DataFile file, long rows) throws IOException {
        if (rows != file.rows()) {
            throw new IOException("file " + store.locate(file) + " has " + rows + " rows, the manifest says " + file.rows());
        }
    }

    private static DataFile describe(CompactionGroup group, Path file, String id, String path) throws IOException {
        EventFileFooter footer = EventFileFooter.read(new LocalInputFile(file));
        List<ArchivedBatch> batches = group.files().stream().flatMap(source -> source.batches().stream()).toList();
        if (footer.rows() != group.rows()) {
            throw new IOException("compacted file " + file + " has " + footer.rows() + " rows, its files have " + group.rows());
        }
        ArchivedBatch newest = batches.get(batches.size() - 1);
        return new DataFile(id, group.table(), group.tradingDay(), path, Files.size(file), footer.rows(), footer.rawBytes(),
                footer.minEventTimeNs(), footer.maxEventTimeNs(), newest.epoch(), newest.checkpointId(), footer.minInstrument(), footer.maxInstrument(),
                DataFile.NONE, DataFile.NONE, Sha256.of(new org.apache.flink.core.fs.Path(file.toUri())), batches);
    }
}
