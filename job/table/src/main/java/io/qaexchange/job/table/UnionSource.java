package io.qaexchange.job.table;

import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.connector.source.Boundedness;
import org.apache.flink.api.connector.source.Source;
import org.apache.flink.api.connector.source.SourceReader;
import org.apache.flink.api.connector.source.SourceReaderContext;
import org.apache.flink.api.connector.source.SplitEnumerator;
import org.apache.flink.api.connector.source.SplitEnumeratorContext;
import org.apache.flink.api.java.typeutils.ResultTypeQueryable;
import org.apache.flink.core.io.SimpleVersionedSerializer;
import org.apache.flink.table.data.RowData;

/**
 * The rows of one consistent read of the job: its enumerator pins the subtasks and reads the archive manifest, and its readers take a part each: the
 * hot rows of a subtask, or a file. Immutable.
 */
final class UnionSource implements Source<RowData, UnionSplit, UnionPlan>, ResultTypeQueryable<RowData> {

    private static final long serialVersionUID = 1L;

    private final UnionTableOptions options;
    private final RowRanges ranges;
    private final String[] columns;
    private final TypeInformation<RowData> type;

    UnionSource(UnionTableOptions options, RowRanges ranges, List<String> columns, TypeInformation<RowData> type) {
        this.options = options;
        this.ranges = ranges;
        this.columns = columns.toArray(new String[0]);
        this.type = type;
    }

    @Override
    public Boundedness getBoundedness() {
        return Boundedness.BOUNDED;
    }

    @Override
    public SplitEnumerator<UnionSplit, UnionPlan> createEnumerator(SplitEnumeratorContext<UnionSplit> context) {
        return restoreEnumerator(context, null);
    }

    @Override
    public SplitEnumerator<UnionSplit, UnionPlan> restoreEnumerator(SplitEnumeratorContext<UnionSplit> context, @Nullable UnionPlan plan) {
        return new UnionEnumerator(context, options, ranges, plan);
    }

    @Override
    public SourceReader<RowData, UnionSplit> createReader(SourceReaderContext context) {
        return new UnionSourceReader(() -> new UnionSplitReader(options, columns), context);
    }

    @Override
    public SimpleVersionedSerializer<UnionSplit> getSplitSerializer() {
        return new JavaForm<>();
    }

    @Override
    public SimpleVersionedSerializer<UnionPlan> getEnumeratorCheckpointSerializer() {
        return new JavaForm<>();
    }

    @Override
    public TypeInformation<RowData> getProducedType() {
        return type;
    }
}
