package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.session.Answer;
import java.io.IOException;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import javax.annotation.Nullable;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/**
 * A statement that runs, with the place in its rows. Rows are computed as they are sent, so a client that asks for some at a time costs
 * the memory of a batch.
 *
 * <p>One thread.
 */
final class Portal implements AutoCloseable {

    private final List<OutColumn> columns;
    private final Source source;
    private ValueEncoder[] encoders;
    private VectorSchemaRoot batch;
    private int row;
    private boolean ended;

    /**
     * A column as it is sent.
     *
     * @param name its label
     * @param type its type
     * @param binary whether its values go in binary form
     */
    record OutColumn(String name, PgType.Described type, boolean binary) {
    }

    /** Where the rows come from. */
    interface Source extends AutoCloseable {

        /** The next batch; null after the last. */
        @Nullable
        VectorSchemaRoot next() throws Exception;

        /** The client is waited for. */
        void rest();

        /** The client has asked or taken. */
        void resume();

        @Override
        void close();
    }

    Portal(List<OutColumn> columns, Source source) {
        this.columns = columns;
        this.source = source;
    }

    /** Rows of an answer, with values as the columns want them. */
    static Portal of(Answer answer, List<OutColumn> columns) throws SQLException {
        List<UnaryOperator<String>> casts = new ArrayList<>();
        for (int c = 0; c < columns.size(); c++) {
            PgType.Described wanted = columns.get(c).type();
            String actual = answer.columns().get(c).type();
            // A column was described before its parameters had values: it stays what the client was told.
            casts.add(wanted.duckDb().equals(actual) ? wanted::cast : column -> wanted.cast("CAST(" + column + " AS " + wanted.duckDb() + ")"));
        }
        answer.start(casts);
        return new Portal(columns, new Source() {
            @Override
            public VectorSchemaRoot next() throws SQLException {
                return answer.next();
            }

            @Override
            public void rest() {
                answer.rest();
            }

            @Override
            public void resume() {
                answer.resume();
            }

            @Override
            public void close() {
                answer.close();
            }
        });
    }

    /**
     * Sends rows.
     *
     * @param most 0 for all
     * @return how many were sent; {@link #isSuspended} tells whether more may be there
     */
    long send(long most, PgOutput out) throws Exception {
        source.resume();
        long sent = 0;
        while (!ended && (most == 0 || sent < most)) {
            if (batch == null || row == batch.getRowCount()) {
                nextBatch();
            } else {
                sendRow(out);
                sent++;
                if ((sent & 0x3f) == 0) {
                    out.flushIfMuch();
                    source.resume();
                }
            }
        }
        if (!ended) {
            source.rest();
        }
        return sent;
    }

    /** Goes over rows without sending them. */
    long skip(long most) throws Exception {
        source.resume();
        long skipped = 0;
        while (!ended && (most == 0 || skipped < most)) {
            if (batch == null || row == batch.getRowCount()) {
                nextBatch();
            } else {
                row++;
                skipped++;
            }
        }
        if (!ended) {
            source.rest();
        }
        return skipped;
    }

    private void nextBatch() throws Exception {
        batch = source.next();
        row = 0;
        if (batch == null) {
            ended = true;
            source.close();
            return;
        }
        if (encoders == null) {
            encoders = new ValueEncoder[columns.size()];
            for (int c = 0; c < encoders.length; c++) {
                encoders[c] = new ValueEncoder(columns.get(c).type(), columns.get(c).binary());
            }
        }
        List<FieldVector> vectors = batch.getFieldVectors();
        for (int c = 0; c < encoders.length; c++) {
            encoders[c].bind(vectors.get(c));
        }
    }

    private void sendRow(PgOutput out) throws IOException {
        out.begin('D').putShort(encoders.length);
        for (ValueEncoder encoder : encoders) {
            encoder.write(row, out);
        }
        out.end();
        row++;
    }

    /** Whether the last rows were not sent yet. */
    boolean isSuspended() {
        return !ended;
    }

    List<OutColumn> columns() {
        return columns;
    }

    @Override
    public void close() {
        if (!ended) {
            ended = true;
            source.close();
        }
    }
}
