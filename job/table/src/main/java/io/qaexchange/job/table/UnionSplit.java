package io.qaexchange.job.table;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.query.typed.UnionPart;
import java.io.Serializable;
import org.apache.flink.api.connector.source.SourceSplit;

/**
 * A part of a table that one reader reads. Immutable.
 *
 * @param number its number in the query
 * @param part hot rows of a subtask, or rows of a file
 * @param instruments as the job has them: they give a row its trading day
 * @param done rows at its beginning that were read before a checkpoint of the query
 */
record UnionSplit(int number, UnionPart part, Instruments instruments, long done) implements SourceSplit, Serializable {

    private static final long serialVersionUID = 1L;

    @Override
    public String splitId() {
        return Integer.toString(number);
    }

    UnionSplit after(long rows) {
        return new UnionSplit(number, part, instruments, done + rows);
    }
}
