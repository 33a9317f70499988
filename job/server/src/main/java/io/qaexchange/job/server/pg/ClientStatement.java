package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.session.SqlTokens.Token;
import java.util.List;
import javax.annotation.Nullable;

/** A statement of a client, as far as the door itself has to know it. */
sealed interface ClientStatement {

    /** Nothing but space and comments. */
    record Empty() implements ClientStatement {
    }

    /** A statement that gives rows; DuckDB reads it. */
    record Query(List<Token> tokens) implements ClientStatement {
    }

    /** What begins or ends a transaction. Nothing is ever written, so it changes the status only. */
    record Transaction(Kind kind, String tag) implements ClientStatement {
        enum Kind { BEGIN, COMMIT, ROLLBACK, OTHER }
    }

    /** SET. A null value goes back to the value at the start. */
    record SetValue(String name, @Nullable String value) implements ClientStatement {
    }

    /** SHOW of a setting; null for all. */
    record Show(@Nullable String name) implements ClientStatement {
    }

    /** RESET ALL and DISCARD ALL. */
    record Discard(String tag, boolean statements) implements ClientStatement {
    }

    /** DEALLOCATE; null for all. */
    record Deallocate(@Nullable String name) implements ClientStatement {
    }

    /** DECLARE name CURSOR FOR query. */
    record Declare(String name, Query query) implements ClientStatement {
    }

    /** FETCH or MOVE. @param rows 0 for all */
    record Fetch(String name, int rows, boolean move) implements ClientStatement {
    }

    /** CLOSE; null for all. */
    record CloseCursor(@Nullable String name) implements ClientStatement {
    }

    /** What does nothing here and is answered with its tag. */
    record Nothing(String tag) implements ClientStatement {
    }
}
