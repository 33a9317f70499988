package io.qaexchange.job.table;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import java.util.List;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.connector.source.DynamicTableSource;
import org.apache.flink.table.factories.DynamicTableSourceFactory;
import org.apache.flink.table.factories.FactoryUtil;

/** {@code 'connector' = 'qaexchange'}. Stateless. */
public final class UnionTableFactory implements DynamicTableSourceFactory {

    @Override
    public String factoryIdentifier() {
        return "qaexchange";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of(UnionTableOptions.FLINK);
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of(UnionTableOptions.JOB, UnionTableOptions.TABLE, UnionTableOptions.LEVEL, UnionTableOptions.PATIENCE, UnionTableOptions.FLINK_CONF);
    }

    @Override
    public DynamicTableSource createDynamicTableSource(Context context) {
        FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
        helper.validate();
        UnionTableOptions options = UnionTableOptions.of(helper.getOptions(), context.getObjectIdentifier().getObjectName());
        RecordType type = EventSchema.get().findTable(options.table());
        if (type == null) {
            List<String> tables = EventSchema.get().recordTypes().stream().map(RecordType::table).toList();
            throw new ValidationException("option 'table': there is no table " + options.table() + UnionColumns.hint(options.table(), tables)
                    + " These are there: " + String.join(", ", tables));
        }
        UnionColumns columns = UnionColumns.of(type);
        for (Column column : context.getCatalogTable().getResolvedSchema().getColumns()) {
            if (column.isPhysical()) {
                columns.check(column.getName(), column.getDataType().getLogicalType());
            }
        }
        return new UnionTableSource(options, context.getPhysicalRowDataType());
    }
}
