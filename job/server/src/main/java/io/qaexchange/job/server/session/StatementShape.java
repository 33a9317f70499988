package io.qaexchange.job.server.session;

import java.util.List;
import javax.annotation.Nullable;

/**
 * A statement before it runs.
 *
 * @param columns columns of its result; null if they are not known before its parameters have values
 * @param parameters DuckDB's names of the types of its parameters, {@code $1} first; {@value #UNKNOWN} where nothing tells the type
 */
public record StatementShape(@Nullable List<Column> columns, List<String> parameters) {

    /** The type of a parameter that nothing tells. */
    public static final String UNKNOWN = "UNKNOWN";

    public StatementShape {
        columns = columns == null ? null : List.copyOf(columns);
        parameters = List.copyOf(parameters);
    }
}
