package io.qaexchange.job.server;

import io.qaexchange.job.server.engine.Admission;
import io.qaexchange.job.server.engine.EngineSessions;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.pg.PgSchema;
import io.qaexchange.job.server.pg.PgServer;
import io.qaexchange.job.server.security.Tokens;
import java.time.Duration;
import javax.annotation.Nullable;
import javax.net.ssl.SSLContext;

/** The PostgreSQL door over a catalogue without a job: its tables have no rows, and queries that read no table have theirs from DuckDB. */
public final class PgRig implements AutoCloseable {

    public static final QueryEngine.Limits LIMITS = new QueryEngine.Limits("512MB", 2, 60, "1GB", 0);

    private final EngineSessions sessions;
    private final PgServer server;

    private PgRig(EngineSessions sessions, PgServer server) {
        this.sessions = sessions;
        this.server = server;
    }

    public static PgRig start() throws Exception {
        return start(Tokens.none(), null, 100, Duration.ofMinutes(2));
    }

    public static PgRig start(Tokens tokens, @Nullable SSLContext tls, int connections, Duration slowest) throws Exception {
        PgSchema schema = new PgSchema();
        EngineSessions sessions = EngineSessions.of(null, new Admission(4, 16, 1_000), tokens::accessOf, schema, LIMITS);
        return new PgRig(sessions, PgServer.start(new PgServer.Options("127.0.0.1", 0, tokens, tls, connections, slowest), sessions, schema));
    }

    public int port() {
        return server.port();
    }

    public String url(String more) {
        return "jdbc:postgresql://127.0.0.1:" + port() + "/qaexchange?user=alice" + more;
    }

    public PgServer server() {
        return server;
    }

    @Override
    public void close() {
        server.close();
        sessions.close();
    }
}
