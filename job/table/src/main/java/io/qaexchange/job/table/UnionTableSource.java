package io.qaexchange.job.table;

import io.qaexchange.events.EventSchema;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.connector.source.ScanTableSource;
import org.apache.flink.table.connector.source.SourceProvider;
import org.apache.flink.table.connector.source.abilities.SupportsFilterPushDown;
import org.apache.flink.table.connector.source.abilities.SupportsProjectionPushDown;
import org.apache.flink.table.expressions.ResolvedExpression;
import org.apache.flink.table.types.DataType;
import org.apache.flink.table.types.logical.RowType;

/**
 * A bounded scan of a table. Conditions on the instrument and on event time decide what is read; Flink still evaluates every condition itself. One
 * thread.
 */
final class UnionTableSource implements ScanTableSource, SupportsProjectionPushDown, SupportsFilterPushDown {

    private final UnionTableOptions options;
    private DataType produced;
    private RowRanges ranges = RowRanges.ALL;

    UnionTableSource(UnionTableOptions options, DataType produced) {
        this.options = options;
        this.produced = produced;
    }

    @Override
    public ChangelogMode getChangelogMode() {
        return ChangelogMode.insertOnly();
    }

    @Override
    public ScanRuntimeProvider getScanRuntimeProvider(ScanContext context) {
        List<String> columns = ((RowType) produced.getLogicalType()).getFieldNames();
        return SourceProvider.of(new UnionSource(options, ranges, columns, context.createTypeInformation(produced)));
    }

    @Override
    public Result applyFilters(List<ResolvedExpression> filters) {
        ranges = RowRanges.ALL;
        List<ResolvedExpression> used = new ArrayList<>();
        for (ResolvedExpression filter : filters) {
            RowRanges range = RowRanges.of(filter);
            ranges = ranges.and(range);
            if (!range.equals(RowRanges.ALL)) {
                used.add(filter);
            }
        }
        // EXPLAIN shows those that are used; Flink evaluates all of them.
        return Result.of(used, filters);
    }

    @Override
    public boolean supportsNestedProjection() {
        return false;
    }

    @Override
    public void applyProjection(int[][] fields, DataType type) {
        produced = type;
    }

    @Override
    public DynamicTableSource copy() {
        UnionTableSource copy = new UnionTableSource(options, produced);
        copy.ranges = ranges;
        return copy;
    }

    @Override
    public String asSummaryString() {
        return "qaexchange " + EventSchema.get().findTable(options.table()).table() + ", level " + options.level() + ranges;
    }
}
