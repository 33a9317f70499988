package io.qaexchange.job.query.sql;

import io.qaexchange.job.model.store.TradingDay;
import io.qaexchange.job.query.arrow.OwnedVectorsReader;
import java.io.IOException;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.DateDayVector;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.DateUnit;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Rows of a table in the columns and with the schema that DuckDB would give them, without DuckDB. The memory of each batch goes to whoever takes it.
 *
 * <p>One thread. Closing it closes the batch, not the rows that it is filled from.
 */
final class ShownRows extends OwnedVectorsReader {

    private final OwnedVectorsReader rows;
    private long left;
    /** The day that {@link #epochDay} is of. */
    private int day;
    private int epochDay;

    /**
     * @param rows batches that are used no more once the next is loaded; column {@value TableColumns#TRADING_DAY} is among theirs
     * @param most rows, at most
     */
    ShownRows(BufferAllocator allocator, OwnedVectorsReader rows, List<String> columns, long most) {
        super(allocator, VectorSchemaRoot.create(schema(rows.getVectorSchemaRoot().getSchema(), columns), allocator));
        this.rows = rows;
        this.left = most;
    }

    /** DuckDB says of each column that it may be null. */
    private static Schema schema(Schema of, List<String> columns) {
        return new Schema(columns.stream().map(column -> Field.nullable(column, column.equals(TableColumns.DATE) ? new ArrowType.Date(DateUnit.DAY) : of.findField(column).getType())).toList());
    }

    @Override
    public boolean loadNextBatch() throws IOException {
        if (left == 0 || !rows.loadNextBatch()) {
            return false;
        }
        VectorSchemaRoot loaded = rows.getVectorSchemaRoot();
        VectorSchemaRoot shown = getVectorSchemaRoot();
        int count = (int) Math.min(left, loaded.getRowCount());
        DateDayVector dates = (DateDayVector) shown.getVector(TableColumns.DATE);
        if (dates != null) {
            setDates((IntVector) loaded.getVector(TableColumns.TRADING_DAY), dates, count);
        }
        for (FieldVector column : shown.getFieldVectors()) {
            if (column != dates) {
                loaded.getVector(column.getName()).makeTransferPair(column).transfer();
            }
        }
        shown.setRowCount(count);
        left -= count;
        return true;
    }

    private void setDates(IntVector days, DateDayVector dates, int count) {
        dates.allocateNew(count);
        for (int row = 0; row < count; row++) {
            if (days.get(row) != day) {
                day = days.get(row);
                epochDay = (int) TradingDay.toDate(day).toEpochDay();
            }
            dates.set(row, epochDay);
        }
    }

    @Override
    public void close(boolean closeReadSource) throws IOException {
        getVectorSchemaRoot().close();
    }
}
