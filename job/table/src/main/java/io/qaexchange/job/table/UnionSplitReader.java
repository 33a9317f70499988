package io.qaexchange.job.table;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventSchema;
import io.qaexchange.job.query.live.EndpointPool;
import io.qaexchange.job.query.typed.UnionRow;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;
import org.apache.flink.connector.base.source.reader.RecordsBySplits;
import org.apache.flink.connector.base.source.reader.RecordsWithSplitIds;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.connector.base.source.reader.splitreader.SplitsChange;
import org.apache.flink.table.data.GenericRowData;
import org.apache.flink.table.data.RowData;

/**
 * Reads parts one after the other. Rows are pushed by a thread of their own into a queue of few batches, so a slow query holds the reading up and no
 * part is in memory as a whole.
 *
 * <p>The fetcher's thread, but for {@link #wakeUp} and the thread that pushes.
 */
final class UnionSplitReader implements SplitReader<RowData, UnionSplit> {

    private static final int BATCH_ROWS = 1_000;
    private static final int BATCHES = 4;
    private static final long LOOK_MS = 100;

    private final EndpointPool pool;
    private final UnionColumns.UnionColumn[] columns;
    private final Deque<UnionSplit> assigned = new ArrayDeque<>();
    @Nullable
    private Pump pump;
    private volatile boolean isWoken;

    UnionSplitReader(UnionTableOptions options, String[] columns) {
        UnionColumns all = UnionColumns.of(EventSchema.get().findTable(options.table()));
        this.columns = Arrays.stream(columns).map(all::column).toArray(UnionColumns.UnionColumn[]::new);
        try {
            this.pool = options.pool();
        } catch (IOException e) {
            throw new IllegalStateException(e.getMessage(), e);
        }
    }

    /**
     * Rows of a part, or its end.
     *
     * @param rows none at the end
     * @param failure what ended it too early; null if nothing did
     */
    private record Batch(List<RowData> rows, @Nullable Throwable failure) {
    }

    @Override
    public RecordsWithSplitIds<RowData> fetch() throws IOException {
        RecordsBySplits.Builder<RowData> records = new RecordsBySplits.Builder<>();
        if (pump == null) {
            UnionSplit next = assigned.poll();
            if (next == null) {
                return records.build();
            }
            pump = new Pump(next);
            pump.start();
        }
        Batch batch = take();
        if (batch == null) {
            return records.build();
        }
        if (batch.failure() != null) {
            throw new IOException(pump.split.part() + " could not be read: " + batch.failure().getMessage(), batch.failure());
        }
        if (batch.rows().isEmpty()) {
            records.addFinishedSplit(pump.split.splitId());
            pump = null;
        } else {
            records.addAll(pump.split, batch.rows());
        }
        return records.build();
    }

    /** The next batch; null if somebody woke this reader up. */
    @Nullable
    private Batch take() throws IOException {
        try {
            while (true) {
                Batch batch = pump.queue.poll(LOOK_MS, TimeUnit.MILLISECONDS);
                if (batch != null || isWoken) {
                    isWoken = false;
                    return batch;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted while reading " + pump.split.part());
        }
    }

    @Override
    public void handleSplitsChanges(SplitsChange<UnionSplit> change) {
        assigned.addAll(change.splits());
    }

    @Override
    public void wakeUp() {
        isWoken = true;
    }

    @Override
    public void close() {
        if (pump != null) {
            pump.interrupt();
        }
        pool.close();
    }

    /** Pushes the rows of one part. */
    private final class Pump extends Thread {
        private final UnionSplit split;
        private final BlockingQueue<Batch> queue = new ArrayBlockingQueue<>(BATCHES);
        private final UnionColumns.Row view = new UnionColumns.Row();
        private List<RowData> rows = new ArrayList<>(BATCH_ROWS);
        private long seen;

        Pump(UnionSplit split) {
            super("reads " + split.part());
            setDaemon(true);
            this.split = split;
        }

        @Override
        public void run() {
            try {
                try {
                    split.part().forEach(pool, this::add);
                    if (!rows.isEmpty()) {
                        queue.put(new Batch(rows, null));
                    }
                    queue.put(new Batch(List.of(), null));
                } catch (IOException | RuntimeException e) {
                    queue.put(new Batch(List.of(), e));
                }
            } catch (InterruptedException e) {
                // The reader was closed: nobody waits for rows.
                interrupt();
            }
        }

        private void add(UnionRow row) throws IOException {
            if (seen++ < split.done()) {
                return;
            }
            rows.add(toRowData(row));
            if (rows.size() == BATCH_ROWS) {
                try {
                    queue.put(new Batch(rows, null));
                } catch (InterruptedException e) {
                    interrupt();
                    throw new InterruptedIOException("the query ended");
                }
                rows = new ArrayList<>(BATCH_ROWS);
            }
        }

        private RowData toRowData(UnionRow row) {
            view.event = view.stored.wrap(row.stored()).event();
            view.identity = view.event.hasOwnIdentity() ? null
                    : EventIdentity.of(view.event, view.stored.topic(), view.stored.partition(), view.stored.offset());
            view.tradingDay = split.instruments().tradingDay(view.event);
            GenericRowData data = new GenericRowData(columns.length);
            for (int i = 0; i < columns.length; i++) {
                data.setField(i, columns[i].value().of(view));
            }
            return data;
        }
    }
}
