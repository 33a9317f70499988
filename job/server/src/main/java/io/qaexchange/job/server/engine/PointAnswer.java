package io.qaexchange.job.server.engine;

import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.store.TradingDay;
import io.qaexchange.job.query.arrow.ArrowBatch;
import io.qaexchange.job.query.typed.UnionRow;
import io.qaexchange.job.server.session.Answer;
import io.qaexchange.job.server.session.Column;
import io.qaexchange.job.server.session.ReadMoment;
import io.qaexchange.job.server.session.TableColumn;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * The rows of a {@link PointSelect}, in one batch.
 *
 * <p>One thread, but for {@link #cancel}.
 */
final class PointAnswer implements Answer {

    private static final String DATE = "date";

    private final PointSelect select;
    private final ReadMoment moment;
    private final ArrowBatch batch;
    private final DateDayVector dates;
    private final VectorSchemaRoot root;
    private boolean given;

    /**
     * @param rows in their order
     * @param memory for the batch; what is being sent may stay there after the answer is closed
     */
    PointAnswer(PointSelect select, List<UnionRow> rows, Instruments instruments, ReadMoment moment, BufferAllocator memory) {
        this.select = select;
        this.moment = moment;
        RecordType type = select.range().type();
        Set<String> sources = select.columns().stream().map(TableColumn::source).collect(Collectors.toSet());
        batch = new ArrowBatch(type, memory, sources::contains);
        dates = new DateDayVector(DATE, memory);
        StoredEvent stored = new StoredEvent();
        for (UnionRow row : rows) {
            int day = instruments.tradingDay(stored.wrap(row.stored()).event());
            dates.setSafe(batch.rows(), (int) TradingDay.toDate(day).toEpochDay());
            batch.add(stored, day);
        }
        batch.complete();
        dates.setValueCount(rows.size());
        List<FieldVector> vectors = new ArrayList<>();
        for (TableColumn column : select.columns()) {
            vectors.add(column.source().equals(DATE) ? dates : batch.root().getVector(column.source()));
        }
        root = new VectorSchemaRoot(vectors.stream().map(FieldVector::getField).toList(), vectors, rows.size());
    }

    @Override
    public List<Column> columns() {
        return select.labels();
    }

    @Override
    public ReadMoment moment() {
        return moment;
    }

    @Override
    public void start() {
        // The rows are there.
    }

    /** Columns have the types that they are described with, which need no cast but the encoders' own. */
    @Override
    public void start(List<UnaryOperator<String>> casts) {
        for (int c = 0; c < casts.size(); c++) {
            if (!casts.get(c).apply(DATE).equals(DATE)) {
                throw new IllegalStateException("column " + select.columns().get(c).column() + " was described with another type");
            }
        }
    }

    @Override
    public VectorSchemaRoot next() {
        boolean first = !given;
        given = true;
        return first && root.getRowCount() > 0 ? root : null;
    }

    @Override
    public void cancel(String reason) {
        // Nothing runs any more.
    }

    @Override
    public void rest() {
        // It holds no place.
    }

    @Override
    public void resume() {
        // It holds no place.
    }

    @Override
    public void close() {
        batch.close();
        dates.close();
    }
}
