package io.qaexchange.job.server.engine;

import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.model.live.LiveException;
import io.qaexchange.job.model.live.LiveProtocol;
import io.qaexchange.job.query.live.JobNotRunningException;
import io.qaexchange.job.query.sql.RowsLostException;
import io.qaexchange.job.query.sql.TooManyRowsException;
import io.qaexchange.job.query.sql.WrongSqlException;
import io.qaexchange.job.server.security.Tokens;
import io.qaexchange.job.server.session.FailureKind;
import java.io.IOException;
import java.sql.SQLException;

/** Which kind of failure an exception of the engine is. Stateless. */
final class Failures {

    private Failures() {
    }

    static FailureKind kindOf(Throwable failure) {
        if (failure instanceof QueryEngine.EndedException) {
            return FailureKind.ENDED;
        }
        if (failure instanceof WrongSqlException wrong) {
            return wrong.getMessage().startsWith("the statement does more than read") ? FailureKind.WRITES : FailureKind.SQL;
        }
        if (failure instanceof TooManyRowsException) {
            return FailureKind.TOO_MANY_ROWS;
        }
        if (failure instanceof RowsLostException) {
            return kindOf(failure.getCause());
        }
        if (failure instanceof SQLException) {
            return FailureKind.SQL;
        }
        if (failure instanceof JobNotRunningException) {
            return FailureKind.JOB_NOT_RUNNING;
        }
        if (failure instanceof LiveException live) {
            return live.code().equals(LiveProtocol.NOT_HELD) ? FailureKind.NOT_HELD : FailureKind.JOB_NOT_RUNNING;
        }
        if (failure instanceof Admission.RefusedException) {
            return FailureKind.REFUSED;
        }
        if (failure instanceof IllegalArgumentException || failure instanceof UsageException) {
            return FailureKind.BAD_ARGUMENT;
        }
        if (failure instanceof Tokens.UnknownUserException) {
            return FailureKind.NO_USER;
        }
        return failure instanceof IOException ? FailureKind.IO : FailureKind.INTERNAL;
    }
}
