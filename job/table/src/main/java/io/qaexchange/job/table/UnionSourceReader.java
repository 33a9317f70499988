package io.qaexchange.job.table;

import java.util.Map;
import java.util.function.Supplier;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.connector.base.source.reader.SingleThreadMultiplexSourceReaderBase;
import org.apache.flink.connector.base.source.reader.splitreader.SplitReader;
import org.apache.flink.table.data.RowData;

/** Asks for a part when it has none, and counts the rows of it that went on, so that a checkpoint of the query knows where to go on. The task's thread. */
final class UnionSourceReader extends SingleThreadMultiplexSourceReaderBase<RowData, RowData, UnionSplit, UnionSourceReader.Progress> {

    /** Rows of a part that went on. */
    static final class Progress {
        private final UnionSplit split;
        private long rows;

        private Progress(UnionSplit split) {
            this.split = split;
        }
    }

    UnionSourceReader(Supplier<SplitReader<RowData, UnionSplit>> readers, SourceReaderContext context) {
        super(readers, (row, output, progress) -> {
            output.collect(row);
            progress.rows++;
        }, context.getConfiguration(), context);
    }

    @Override
    public void start() {
        if (getNumberOfCurrentlyAssignedSplits() == 0) {
            context.sendSplitRequest();
        }
    }

    @Override
    protected void onSplitFinished(Map<String, Progress> finished) {
        context.sendSplitRequest();
    }

    @Override
    protected Progress initializedState(UnionSplit split) {
        return new Progress(split);
    }

    @Override
    protected UnionSplit toSplitType(String splitId, Progress progress) {
        return progress.split.after(progress.rows);
    }
}
