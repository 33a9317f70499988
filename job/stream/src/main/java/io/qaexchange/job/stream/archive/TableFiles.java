package io.qaexchange.job.stream.archive;

import io.qaexchange.archive.sink.FinishedFile;
import io.qaexchange.events.EventView;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instrument;
import io.qaexchange.job.model.store.HotColdBoundary;
import io.qaexchange.job.model.store.TradingDay;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.FooterKeys;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import javax.annotation.Nullable;

/**
 * The files of one table in a round, one for each trading day, while they are written.
 *
 * <p>One thread at a time: the writer thread, and after that has ended whoever closes it.
 */
final class TableFiles implements Closeable {

    /**
     * A finished file and where its rows come from.
     *
     * @param file the file as the sink takes it
     * @param ordinal its number among the files of the subtask in this archive epoch
     * @param tradingDay yyyymmdd
     * @param sources what it took of which instruments
     * @param rows its rows
     * @param rawBytes their stored bytes
     */
    record WrittenFile(FinishedFile file, long ordinal, int tradingDay, List<Source> sources, long rows, long rawBytes) {
    }

    /** The rows that a file took of an instrument. */
    static final class Source {
        final String routeKey;
        final HotColdBoundary.Range range;
        long rows;

        Source(String routeKey, HotColdBoundary.Range range) {
            this.routeKey = routeKey;
            this.range = range;
        }
    }

    /** A file that is being written. */
    private static final class DayFile {
        final String batchId;
        final EventParquetWriter writer;
        final List<Source> sources = new ArrayList<>();

        DayFile(String batchId, EventParquetWriter writer) {
            this.batchId = batchId;
            this.writer = writer;
        }

        /** The smallest instrument: rows without one have an empty text. */
        String firstInstrument() {
            return isAccount(sources.get(sources.size() - 1)) ? "" : sources.get(0).routeKey;
        }

        /** The greatest instrument; instruments come before accounts. */
        String lastInstrument() {
            for (int i = sources.size() - 1; i >= 0; i--) {
                if (!isAccount(sources.get(i))) {
                    return sources.get(i).routeKey;
                }
            }
            return "";
        }

        private static boolean isAccount(Source source) {
            return source.routeKey.startsWith("@");
        }

        Source source(String routeKey, HotColdBoundary.Range range) {
            Source last = sources.isEmpty() ? null : sources.get(sources.size() - 1);
            if (last == null || !last.routeKey.equals(routeKey)) {
                last = new Source(routeKey, range);
                sources.add(last);
            }
            return last;
        }
    }

    private final RecordType table;
    private final EventStoreOptions options;
    private final Path folder;
    private final FileIdentity identity;
    private final StoredEvent row = new StoredEvent();
    private final Map<Integer, DayFile> files = new TreeMap<>();
    /** Where the last row went: rows of a day come one after the other. */
    private int lastTradingDay;
    @Nullable
    private DayFile lastFile;
    private boolean failed;

    TableFiles(RecordType table, EventStoreOptions options, Path folder, FileIdentity identity) {
        this.table = table;
        this.options = options;
        this.folder = folder;
        this.identity = identity;
    }

    /**
     * Adds rows of one instrument; instruments and rows come in the order of the file.
     *
     * @throws IOException if a file cannot be written; nothing more can be written then
     */
    void write(String routeKey, HotColdBoundary.Range range, List<byte[]> values) throws IOException {
        checkNotFailed();
        failed = true;
        // Rows of a route key are of one instrument, or of none.
        Instrument instrument = null;
        for (byte[] value : values) {
            EventView event = row.wrap(value).event();
            if (instrument == null) {
                instrument = options.instruments().get(event.instrument());
            }
            int tradingDay = instrument.tradingDay(event);
            DayFile file = tradingDay == lastTradingDay ? lastFile : files.get(tradingDay);
            if (file == null) {
                String batchId = UUID.randomUUID().toString();
                file = new DayFile(batchId, EventParquetWriter.create(folder.resolve(table.table() + "-" + batchId + ".parquet"), table,
                        options.parquet()));
                files.put(tradingDay, file);
            }
            lastTradingDay = tradingDay;
            lastFile = file;
            file.writer.write(row, value.length, tradingDay);
            file.source(routeKey, range).rows++;
        }
        failed = false;
    }

    /** Finishes the files. */
    List<WrittenFile> finish() throws IOException {
        checkNotFailed();
        List<WrittenFile> written = new ArrayList<>();
        for (Map.Entry<Integer, DayFile> entry : files.entrySet()) {
            DayFile file = entry.getValue();
            String tradingDay = TradingDay.toIsoDate(entry.getKey());
            Map<String, String> footer = new LinkedHashMap<>();
            footer.put(FooterKeys.BATCH_ID, file.batchId);
            footer.put(FooterKeys.EPOCH, identity.archiveEpoch());
            footer.put(FooterKeys.TRADING_DAY, tradingDay);
            footer.put(FooterKeys.MIN_INSTRUMENT, file.firstInstrument());
            footer.put(FooterKeys.MAX_INSTRUMENT, file.lastInstrument());
            footer.put(FooterKeys.SUBTASK, Integer.toString(identity.subtask()));
            long ordinal = identity.nextOrdinal().getAsLong();
            footer.put(FooterKeys.ORDINAL, Long.toString(ordinal));
            long lengthBytes = file.writer.finish(footer);
            written.add(new WrittenFile(
                    new FinishedFile(file.batchId, table.table(), tradingDay, file.writer.file().toString(), lengthBytes),
                    ordinal, entry.getKey(), file.sources, file.writer.rowCount(), file.writer.rawBytes()));
        }
        return written;
    }

    private void checkNotFailed() throws IOException {
        if (failed) {
            throw new IOException("files of table " + table.table() + " could not be written before");
        }
    }

    /** Removes the files, finished or not: to be called only if they are not handed over. */
    @Override
    public void close() throws IOException {
        for (DayFile file : files.values()) {
            file.writer.close();
            Files.deleteIfExists(file.writer.file());
        }
        files.clear();
    }
}
