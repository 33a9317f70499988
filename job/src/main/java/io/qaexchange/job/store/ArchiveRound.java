package io.qaexchange.job.store;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.FooterKeys;
import io.qaexchange.parquet.sink.FinishedFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import org.apache.flink.runtime.state.KeyedStateBackend;

/**
 * Writes what is cut into finished files: table by table, for each trading day one file, the instruments in order of their route keys.
 *
 * <p>It runs in steps on the task thread. When a table is written, its files are handed over in one step: the instruments note the
 * batches and the files are emitted, so that both are in the same checkpoints. Until then nothing of a file is in a checkpoint; after a
 * failure it is written again, with the same rows, as another batch.
 *
 * <p>One thread.
 */
final class ArchiveRound implements AutoCloseable {

    private static final int ROWS_BETWEEN_CLOCK_READS = 32;

    /**
     * What rounds of one operator share.
     *
     * @param epoch the running epoch, for footers
     */
    record Context(KeyedStateBackend<String> backend, EventStoreState state, InstrumentIndex instruments, EventStoreOptions options,
            Path folder, String epoch, EventStoreMetrics metrics, Consumer<FinishedFile> output) {
    }

    /** What a file took of an instrument. */
    private static final class Source {
        final String routeKey;
        final InstrumentState.Range range;
        long rows;

        Source(String routeKey, InstrumentState.Range range) {
            this.routeKey = routeKey;
            this.range = range;
        }
    }

    /** A file that is being written. */
    private static final class DayFile {
        final String batchId;
        final int tradingDay;
        final EventParquetWriter writer;
        final List<Source> sources = new ArrayList<>();

        DayFile(String batchId, int tradingDay, EventParquetWriter writer) {
            this.batchId = batchId;
            this.tradingDay = tradingDay;
            this.writer = writer;
        }

        Source source(String routeKey, InstrumentState.Range range) {
            Source last = sources.isEmpty() ? null : sources.get(sources.size() - 1);
            if (last == null || !last.routeKey.equals(routeKey)) {
                last = new Source(routeKey, range);
                sources.add(last);
            }
            return last;
        }
    }

    private final Context context;
    private final List<String> routeKeys;
    private final Iterator<RecordType> tables = EventSchema.get().recordTypes().iterator();
    private final StoredEvent row = new StoredEvent();
    private final Map<Integer, DayFile> files = new TreeMap<>();

    private RecordType table;
    private int nextInstrument;
    private String routeKey;
    private RowMerge rows;

    /** A round over these instruments; each has an open range. */
    ArchiveRound(Context context, List<String> routeKeys) {
        this.context = context;
        this.routeKeys = routeKeys.stream().sorted(ArchiveRound::compareRouteKeys).toList();
        this.table = tables.next();
    }

    /** Order of instruments as UTF-8 bytes; accounts, whose rows have no instrument, come behind all instruments. */
    private static int compareRouteKeys(String a, String b) {
        boolean accountA = a.charAt(0) == '@';
        boolean accountB = b.charAt(0) == '@';
        return accountA != accountB ? Boolean.compare(accountA, accountB)
                : Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * Goes on for about this long.
     *
     * @return whether the round is complete
     */
    boolean step(long budgetNs) throws Exception {
        long deadlineNs = System.nanoTime() + budgetNs;
        do {
            if (rows == null && !openNextInstrument()) {
                handOver();
                if (!tables.hasNext()) {
                    closeRanges();
                    return true;
                }
                table = tables.next();
                nextInstrument = 0;
            } else if (rows != null && !writeSomeRows()) {
                rows.close();
                rows = null;
            }
        } while (System.nanoTime() < deadlineNs);
        return false;
    }

    private boolean openNextInstrument() throws Exception {
        while (nextInstrument < routeKeys.size()) {
            routeKey = routeKeys.get(nextInstrument++);
            InstrumentState.Range range = context.instruments().get(routeKey).open;
            if (range != null && !range.handedOver().get(table.code())) {
                context.backend().setCurrentKey(routeKey);
                rows = RowMerge.open(context.state(), table.code(), range);
                return true;
            }
        }
        return false;
    }

    private boolean writeSomeRows() throws IOException {
        for (int i = 0; i < ROWS_BETWEEN_CLOCK_READS; i++) {
            byte[] value = rows.next();
            if (value == null) {
                return false;
            }
            EventView event = row.wrap(value).event();
            int tradingDay = context.options().instruments().tradingDay(event);
            DayFile file = fileOf(tradingDay);
            file.writer.write(row, value.length, tradingDay);
            file.source(routeKey, context.instruments().get(routeKey).open).rows++;
        }
        return true;
    }

    private DayFile fileOf(int tradingDay) throws IOException {
        DayFile file = files.get(tradingDay);
        if (file == null) {
            String batchId = UUID.randomUUID().toString();
            file = new DayFile(batchId, tradingDay, EventParquetWriter.create(
                    context.folder().resolve(table.table() + "-" + batchId + ".parquet"), table, context.options().parquet()));
            files.put(tradingDay, file);
        }
        return file;
    }

    /** Finishes the files of the table, then notes and emits them in one step. */
    private void handOver() throws IOException {
        List<FinishedFile> finished = new ArrayList<>();
        for (DayFile file : files.values()) {
            Map<String, String> footer = new LinkedHashMap<>();
            footer.put(FooterKeys.BATCH_ID, file.batchId);
            footer.put(FooterKeys.EPOCH, context.epoch());
            footer.put(FooterKeys.TRADING_DAY, TradingDay.toIsoDate(file.tradingDay));
            footer.put(FooterKeys.RANGES, BatchRanges.encode(
                    file.sources.stream().map(source -> new BatchRanges.Entry(source.routeKey, source.range)).toList()));
            long lengthBytes = file.writer.finish(footer);
            finished.add(new FinishedFile(file.batchId, table.table(), TradingDay.toIsoDate(file.tradingDay),
                    file.writer.file().toString(), lengthBytes));
        }
        for (DayFile file : files.values()) {
            for (Source source : file.sources) {
                InstrumentState instrument = context.instruments().change(source.routeKey);
                InstrumentState.Range range = source.range;
                instrument.handedOver.add(new InstrumentState.Batch(file.batchId, table.code(), file.tradingDay, range.fromNs(),
                        range.toNs(), range.lateFrom(), range.lateTo()));
                instrument.archived += source.rows;
            }
            context.metrics().handedOver(file.writer.rowCount(), file.writer.rawBytes());
        }
        for (String participant : routeKeys) {
            InstrumentState.Range range = context.instruments().change(participant).open;
            if (range != null) {
                range.handedOver().set(table.code());
            }
        }
        files.clear();
        finished.forEach(context.output());
    }

    private void closeRanges() {
        for (String participant : routeKeys) {
            context.instruments().change(participant).open = null;
        }
    }

    @Override
    public void close() throws IOException {
        if (rows != null) {
            rows.close();
            rows = null;
        }
        for (DayFile file : files.values()) {
            file.writer.close();
        }
        files.clear();
    }
}
