package io.qaexchange.job.server;

import io.qaexchange.job.server.engine.Admission;
import io.qaexchange.job.server.engine.EngineSessions;
import io.qaexchange.job.server.flight.FlightSqlServer;
import io.qaexchange.job.server.security.Tokens;
import io.qaexchange.job.server.session.SessionSchema;
import java.time.Duration;
import javax.annotation.Nullable;
import javax.net.ssl.SSLContext;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.sql.FlightSqlClient;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/** The Flight SQL door over a catalogue without a job: its tables have no rows, and queries that read no table have theirs from DuckDB. */
public final class FlightRig implements AutoCloseable {

    private final EngineSessions sessions;
    private final FlightSqlServer server;
    private final BufferAllocator allocator = new RootAllocator();

    private FlightRig(EngineSessions sessions, FlightSqlServer server) {
        this.sessions = sessions;
        this.server = server;
    }

    public static FlightRig start() throws Exception {
        return start(Tokens.none(), null, Duration.ofMinutes(2));
    }

    public static FlightRig start(Tokens tokens, @Nullable SSLContext tls, Duration slowest) throws Exception {
        EngineSessions sessions = EngineSessions.of(null, new Admission(4, 16, 1_000), tokens::accessOf, SessionSchema.PLAIN, PgRig.LIMITS);
        return new FlightRig(sessions, FlightSqlServer.start(new FlightSqlServer.Options("127.0.0.1", 0, tokens, tls, slowest), sessions));
    }

    public int port() {
        return server.port();
    }

    public FlightSqlServer server() {
        return server;
    }

    public BufferAllocator allocator() {
        return allocator;
    }

    public FlightClient flight() {
        return FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", port())).build();
    }

    public FlightSqlClient client() {
        return new FlightSqlClient(flight());
    }

    @Override
    public void close() {
        server.close();
        sessions.close();
        allocator.close();
    }
}
