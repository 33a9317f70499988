package io.qaexchange.iceberg;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import javax.annotation.Nullable;
import org.apache.iceberg.Schema;
import org.apache.iceberg.mapping.MappingUtil;
import org.apache.iceberg.mapping.NameMapping;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.TypeUtil;
import org.apache.iceberg.types.Types;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;

/**
 * The columns of a table as Iceberg's format 2 has them.
 *
 * <p>Format 2 has no nanoseconds, so columns of them, such as {@code event_time}, are not in the tables; {@code event_time_us} is. As a {@code long}
 * Spark's vectorized reader refuses them (iceberg-spark-runtime 1.11.0: ClassCastException in VectorizedArrowReader). The name mapping leads from
 * the files' names to the columns, as the files have no field ids. {@code date} is in no file: readers take it from the partition. All columns are
 * optional, since older files may lack them.
 *
 * <p>Stateless.
 */
final class TableColumns {

    /** The trading day as a date, by which tables are partitioned. */
    static final String DATE = "date";
    static final String INSTRUMENT = "instrument";
    static final String EVENT_TIME_US = "event_time_us";

    private TableColumns() {
    }

    /** A schema with the columns of all these files, and {@code date}. */
    static Schema schemaOf(List<MessageType> files) {
        Map<String, Type> columns = columnsOf(files);
        AtomicInteger id = new AtomicInteger();
        List<Types.NestedField> fields = new ArrayList<>();
        fields.add(Types.NestedField.optional(1_000_000, DATE, Types.DateType.get()));
        columns.forEach((name, type) -> fields.add(Types.NestedField.optional(1_000_000 + fields.size(), name, type)));
        return TypeUtil.assignFreshIds(new Schema(fields), id::incrementAndGet);
    }

    /**
     * The columns of these files, in the order of the first file.
     *
     * @throws IllegalArgumentException if two files have a column of one name and different types
     */
    static Map<String, Type> columnsOf(List<MessageType> files) {
        Map<String, Type> columns = new LinkedHashMap<>();
        AtomicInteger nestedId = new AtomicInteger(2_000_000);
        for (MessageType file : files) {
            for (org.apache.parquet.schema.Type column : file.getFields()) {
                Type type = typeOf(column, nestedId);
                Type known = type == null ? null : columns.putIfAbsent(column.getName(), type);
                if (known != null && !isSame(known, type)) {
                    throw new IllegalArgumentException("column " + column.getName() + " of table " + file.getName() + " is " + type + " in one file and "
                            + known + " in another");
                }
            }
        }
        return columns;
    }

    /** Whether two types are equal but for their field ids. */
    static boolean isSame(Type a, Type b) {
        return anonymous(a).equals(anonymous(b));
    }

    private static String anonymous(Type type) {
        return type.toString().replaceAll("[0-9]+: ", "");
    }

    /** The type of a file's column; null for one that the tables do not have. */
    @Nullable
    private static Type typeOf(org.apache.parquet.schema.Type column, AtomicInteger nestedId) {
        if (column.isPrimitive()) {
            return typeOf(column.asPrimitiveType());
        }
        GroupType group = column.asGroupType();
        if (!LogicalTypeAnnotation.listType().equals(group.getLogicalTypeAnnotation())) {
            return null;
        }
        org.apache.parquet.schema.Type element = group.getType(0).asGroupType().getType(0);
        if (element.isPrimitive()) {
            Type type = typeOf(element.asPrimitiveType());
            return type == null ? null : Types.ListType.ofOptional(nestedId.incrementAndGet(), type);
        }
        List<Types.NestedField> fields = new ArrayList<>();
        for (org.apache.parquet.schema.Type field : element.asGroupType().getFields()) {
            Type type = typeOf(field, nestedId);
            if (type == null) {
                return null;
            }
            fields.add(Types.NestedField.optional(nestedId.incrementAndGet(), field.getName(), type));
        }
        return Types.ListType.ofOptional(nestedId.incrementAndGet(), Types.StructType.of(fields));
    }

    @Nullable
    private static Type typeOf(PrimitiveType column) {
        LogicalTypeAnnotation logical = column.getLogicalTypeAnnotation();
        if (logical == null) {
            return switch (column.getPrimitiveTypeName()) {
                case INT32 -> Types.IntegerType.get();
                case INT64 -> Types.LongType.get();
                case DOUBLE -> Types.DoubleType.get();
                case FLOAT -> Types.FloatType.get();
                case BOOLEAN -> Types.BooleanType.get();
                default -> null;
            };
        }
        if (logical instanceof TimestampLogicalTypeAnnotation time) {
            return switch (time.getUnit()) {
                case MICROS -> time.isAdjustedToUTC() ? Types.TimestampType.withZone() : Types.TimestampType.withoutZone();
                case NANOS, MILLIS -> null;
            };
        }
        if (logical.equals(LogicalTypeAnnotation.stringType())) {
            return Types.StringType.get();
        }
        return logical.equals(LogicalTypeAnnotation.dateType()) ? Types.DateType.get() : null;
    }

    /** Leads from the files' names to the columns of a schema. */
    static NameMapping mappingOf(Schema schema) {
        return MappingUtil.create(schema);
    }
}
