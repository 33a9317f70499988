package io.qaexchange.job.table;

import io.qaexchange.events.RecordType;
import io.qaexchange.job.query.typed.UnionScan;
import io.qaexchange.parquet.column.ParquetTable;
import java.io.Serializable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import javax.annotation.Nullable;
import org.apache.flink.table.expressions.CallExpression;
import org.apache.flink.table.expressions.Expression;
import org.apache.flink.table.expressions.FieldReferenceExpression;
import org.apache.flink.table.expressions.ValueLiteralExpression;
import org.apache.flink.table.functions.BuiltInFunctionDefinitions;
import org.apache.flink.table.functions.FunctionDefinition;

/**
 * The rows that a condition lets through, as instruments and event times. It may let through more rows than the condition, never less.
 *
 * <p>Immutable.
 *
 * @param instruments the only ones; null for all
 * @param fromNs event times from here, inclusive
 * @param toNs up to here, inclusive
 */
record RowRanges(@Nullable Set<String> instruments, long fromNs, long toNs) implements Serializable {

    static final RowRanges ALL = new RowRanges(null, Long.MIN_VALUE, Long.MAX_VALUE);

    private static final String INSTRUMENT = "instrument";
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final long NANOS_PER_MICRO = 1_000L;

    RowRanges {
        instruments = instruments == null ? null : Set.copyOf(instruments);
    }

    /** The ranges of a condition; {@link #ALL} if it says nothing of them. */
    static RowRanges of(Expression condition) {
        if (!(condition instanceof CallExpression call)) {
            return ALL;
        }
        FunctionDefinition function = call.getFunctionDefinition();
        if (function == BuiltInFunctionDefinitions.AND) {
            RowRanges all = ALL;
            for (Expression part : call.getChildren()) {
                all = all.and(of(part));
            }
            return all;
        }
        if (function == BuiltInFunctionDefinitions.OR) {
            RowRanges any = null;
            for (Expression part : call.getChildren()) {
                any = any == null ? of(part) : any.or(of(part));
            }
            return any == null ? ALL : any;
        }
        return call.getChildren().size() == 2 ? ofComparison(function, call.getChildren().get(0), call.getChildren().get(1)) : ALL;
    }

    private static RowRanges ofComparison(FunctionDefinition function, Expression left, Expression right) {
        if (left instanceof FieldReferenceExpression column && right instanceof ValueLiteralExpression value) {
            return ofColumn(function, column.getName(), value);
        }
        if (left instanceof ValueLiteralExpression value && right instanceof FieldReferenceExpression column) {
            return ofColumn(mirrored(function), column.getName(), value);
        }
        return ALL;
    }

    private static FunctionDefinition mirrored(FunctionDefinition function) {
        if (function == BuiltInFunctionDefinitions.LESS_THAN) {
            return BuiltInFunctionDefinitions.GREATER_THAN;
        }
        if (function == BuiltInFunctionDefinitions.LESS_THAN_OR_EQUAL) {
            return BuiltInFunctionDefinitions.GREATER_THAN_OR_EQUAL;
        }
        if (function == BuiltInFunctionDefinitions.GREATER_THAN) {
            return BuiltInFunctionDefinitions.LESS_THAN;
        }
        return function == BuiltInFunctionDefinitions.GREATER_THAN_OR_EQUAL ? BuiltInFunctionDefinitions.LESS_THAN_OR_EQUAL : function;
    }

    private static RowRanges ofColumn(FunctionDefinition function, String column, ValueLiteralExpression value) {
        switch (column) {
            case INSTRUMENT -> {
                String instrument = value.getValueAs(String.class).orElse(null);
                return function == BuiltInFunctionDefinitions.EQUALS && instrument != null
                        ? new RowRanges(Set.of(instrument), Long.MIN_VALUE, Long.MAX_VALUE) : ALL;
            }
            case ParquetTable.EVENT_TIME -> {
                return ofTime(function, nanos(value), 1);
            }
            case ParquetTable.EVENT_TIME_US -> {
                return ofTime(function, nanos(value), NANOS_PER_MICRO);
            }
            case UnionColumns.EVENT_TIME_NS -> {
                return ofTime(function, value.getValueAs(Long.class).orElse(null), 1);
            }
            default -> {
                return ALL;
            }
        }
    }

    @Nullable
    private static Long nanos(ValueLiteralExpression value) {
        Instant time = value.getValueAs(Instant.class).orElse(null);
        if (time == null) {
            return null;
        }
        try {
            return Math.addExact(Math.multiplyExact(time.getEpochSecond(), NANOS_PER_SECOND), time.getNano());
        } catch (ArithmeticException e) {
            // Before 1678 or after 2261: no event time is there, and Flink evaluates the condition itself.
            return null;
        }
    }

    /** @param unit nanoseconds by which the column is coarser: its value stands for as many times */
    private static RowRanges ofTime(FunctionDefinition function, @Nullable Long time, long unit) {
        if (time == null || time > Long.MAX_VALUE - unit) {
            return ALL;
        }
        if (function == BuiltInFunctionDefinitions.EQUALS) {
            return new RowRanges(null, time, time + unit - 1);
        }
        if (function == BuiltInFunctionDefinitions.GREATER_THAN || function == BuiltInFunctionDefinitions.GREATER_THAN_OR_EQUAL) {
            return new RowRanges(null, time, Long.MAX_VALUE);
        }
        if (function == BuiltInFunctionDefinitions.LESS_THAN || function == BuiltInFunctionDefinitions.LESS_THAN_OR_EQUAL) {
            return new RowRanges(null, Long.MIN_VALUE, time + unit - 1);
        }
        return ALL;
    }

    /** Rows that both let through. */
    RowRanges and(RowRanges other) {
        Set<String> both = instruments == null ? other.instruments : instruments;
        if (instruments != null && other.instruments != null) {
            both = new TreeSet<>(instruments);
            both.retainAll(other.instruments);
        }
        return new RowRanges(both, Math.max(fromNs, other.fromNs), Math.min(toNs, other.toNs));
    }

    private RowRanges or(RowRanges other) {
        Set<String> either = null;
        if (instruments != null && other.instruments != null) {
            either = new TreeSet<>(instruments);
            either.addAll(other.instruments);
        }
        return new RowRanges(either, Math.min(fromNs, other.fromNs), Math.max(toNs, other.toNs));
    }

    /** As ranges of a scan: one, or one for each instrument. */
    List<UnionScan.Range> of(RecordType type) {
        long to = toNs == Long.MAX_VALUE ? Long.MAX_VALUE : toNs + 1;
        if (instruments == null) {
            return List.of(new UnionScan.Range(type, null, fromNs, to));
        }
        List<UnionScan.Range> ranges = new ArrayList<>();
        for (String instrument : new TreeSet<>(instruments)) {
            ranges.add(new UnionScan.Range(type, instrument, fromNs, to));
        }
        return ranges;
    }

    @Override
    public String toString() {
        return (instruments == null ? "" : ", instruments " + new TreeSet<>(instruments)) + (fromNs == Long.MIN_VALUE ? "" : ", event time from " + fromNs + " ns")
                + (toNs == Long.MAX_VALUE ? "" : ", to " + toNs + " ns");
    }
}
