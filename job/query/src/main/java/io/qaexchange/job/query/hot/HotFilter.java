package io.qaexchange.job.query.hot;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import java.util.HashMap;
import java.util.Map;
import javax.annotation.Nullable;

/**
 * Hot rows that a reader wants, by table. What is left out costs as little as the state allows: a table or an instrument nothing, times
 * outside the range no reading of rows.
 *
 * <p>Immutable.
 *
 * @param tables by record type; a type that is not in it is not wanted
 */
public record HotFilter(Map<RecordType, RowFilter> tables) {

    /** Everything. */
    public static final HotFilter ALL = all();

    public HotFilter {
        tables = Map.copyOf(tables);
    }

    /** All rows of one table. */
    public static HotFilter of(RecordType type) {
        return new HotFilter(Map.of(type, RowFilter.ALL));
    }

    private static HotFilter all() {
        Map<RecordType, RowFilter> tables = new HashMap<>();
        EventSchema.get().recordTypes().forEach(type -> tables.put(type, RowFilter.ALL));
        return new HotFilter(tables);
    }

    public boolean isEmpty() {
        return tables.isEmpty();
    }

    boolean isAll() {
        return tables.size() == EventSchema.get().recordTypes().size() && tables.values().stream().allMatch(RowFilter.ALL::equals);
    }

    @Nullable
    RowFilter find(RecordType type) {
        return tables.get(type);
    }

    boolean hasRouteKey(String routeKey) {
        return tables.values().stream().anyMatch(filter -> filter.hasRouteKey(routeKey));
    }
}
