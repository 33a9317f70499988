package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.security.ScramVerifier;
import io.qaexchange.job.server.security.Tokens;
import io.qaexchange.job.server.session.Answer;
import io.qaexchange.job.server.session.SqlSession;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.annotation.Nullable;
import javax.net.ssl.SSLSocket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a client: start-up, encryption, login, then messages until it ends. One thread carries out messages, another reads them
 * ahead.
 *
 * <p>Threads: {@link #run} on its own; {@link #cancel}, {@link #check} and {@link #close} from any.
 */
final class PgConnection implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(PgConnection.class);
    private static final Logger ACCESS = LoggerFactory.getLogger("io.qaexchange.access");

    private static final int PROTOCOL_3 = 3 << 16;
    private static final int CANCEL_REQUEST = 80_877_102;
    private static final int SSL_REQUEST = 80_877_103;
    private static final int GSS_REQUEST = 80_877_104;
    private static final int LOGIN_MS = 30_000;
    private static final int MAX_LOGIN_BYTES = 10_000;
    private static final int MAX_MESSAGE_BYTES = 16 << 20;
    /** A client that takes nothing for so long gives its place among the running queries back. */
    private static final long SLOW_NS = TimeUnit.SECONDS.toNanos(1);
    private static final long OPEN_RESULT_MS = TimeUnit.MINUTES.toMillis(10);
    private static final long FOREVER_MS = TimeUnit.DAYS.toMillis(365);

    private final PgServer server;
    private final int id;
    private final int secret;
    private final boolean refused;
    /** Below encryption: closing this one never waits for a write. */
    private final Socket raw;
    private Socket socket;
    private volatile PgOutput out;
    private BufferedInputStream in;
    /** Guarded by this: the answer that runs. */
    private Answer answer;
    /** Guarded by this: why what runs is to end, if it has no answer yet. */
    private String cancelled;
    /** Guarded by this: whether messages are carried out since the client was last told that all is ready. */
    private boolean busy;
    private volatile boolean closed;

    PgConnection(PgServer server, Socket socket, int id, int secret, boolean refused) {
        this.server = server;
        this.raw = socket;
        this.socket = socket;
        this.id = id;
        this.secret = secret;
        this.refused = refused;
    }

    int id() {
        return id;
    }

    int secret() {
        return secret;
    }

    boolean isRefused() {
        return refused;
    }

    @Override
    public void run() {
        try {
            socket.setTcpNoDelay(true);
            socket.setKeepAlive(true);
            socket.setSoTimeout(LOGIN_MS);
            use(socket);
            serve();
        } catch (PgException e) {
            sendLast(e);
        } catch (EOFException e) {
            LOG.debug("connection {}: {}", id, e.getMessage());
        } catch (IOException e) {
            LOG.debug("connection {} broke: {}", id, e.toString());
        } catch (Throwable e) {
            LOG.error("connection {} failed", id, e);
            sendLast(PgException.fatal(SqlState.INTERNAL, "the server failed: " + e));
        } finally {
            close();
            server.ended(this);
        }
    }

    private void use(Socket of) throws IOException {
        socket = of;
        in = new BufferedInputStream(of.getInputStream(), 32 << 10);
        out = new PgOutput(of.getOutputStream());
    }

    private void serve() throws Exception {
        PgInput input = new PgInput(in, MAX_LOGIN_BYTES);
        PgInput.Message startUp = input.readStartUp();
        int code = startUp.getInt();
        for (int requests = 0; code == SSL_REQUEST || code == GSS_REQUEST; requests++) {
            if (requests == 2) {
                throw PgException.protocol("too many requests for encryption");
            }
            if (code == SSL_REQUEST && server.tls() != null && !(socket instanceof SSLSocket)) {
                encrypt();
                input = new PgInput(in, MAX_LOGIN_BYTES);
            } else {
                out.single('N');
            }
            startUp = input.readStartUp();
            code = startUp.getInt();
        }
        if (code == CANCEL_REQUEST) {
            server.cancel(startUp.getInt(), startUp.getInt());
            return;
        }
        if (code >>> 16 != 3) {
            throw PgException.fatal(SqlState.NOT_SUPPORTED, "unsupported frontend protocol " + (code >>> 16) + "." + (code & 0xffff) + ": server supports 3.0");
        }
        Map<String, String> parameters = parameters(startUp);
        if (code != PROTOCOL_3 || parameters.keySet().stream().anyMatch(name -> name.startsWith("_pq_."))) {
            negotiate(parameters);
        }
        start(input, parameters);
    }

    private void encrypt() throws IOException, PgException {
        if (in.available() > 0) {
            // Someone between client and server could have inserted bytes before the encryption begins.
            throw PgException.protocol("received unencrypted data after SSL request");
        }
        out.single('S');
        SSLSocket secure = (SSLSocket) server.tls().getSocketFactory().createSocket(socket, null, socket.getPort(), true);
        secure.setUseClientMode(false);
        secure.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2"});
        secure.startHandshake();
        use(secure);
    }

    private static Map<String, String> parameters(PgInput.Message startUp) throws PgException {
        Map<String, String> parameters = new TreeMap<>();
        while (true) {
            String name = startUp.getString();
            if (name.isEmpty()) {
                startUp.end();
                return parameters;
            }
            parameters.put(name, startUp.getString());
        }
    }

    private void negotiate(Map<String, String> parameters) {
        var unknown = parameters.keySet().stream().filter(name -> name.startsWith("_pq_.")).toList();
        out.begin('v').putInt(PROTOCOL_3).putInt(unknown.size());
        unknown.forEach(out::putString);
        out.end();
    }

    private void start(PgInput input, Map<String, String> parameters) throws Exception {
        String user = parameters.get("user");
        if (user == null || user.isEmpty()) {
            throw PgException.fatal(SqlState.INVALID_AUTHORIZATION, "no PostgreSQL user name specified in startup packet");
        }
        if (refused) {
            throw PgException.fatal(SqlState.TOO_MANY_CONNECTIONS, "sorry, too many clients already: " + server.maxConnections() + " are connected");
        }
        if (server.tls() != null && !(socket instanceof SSLSocket) && !socket.getInetAddress().isLoopbackAddress()) {
            throw PgException.fatal(SqlState.INVALID_AUTHORIZATION, "this server wants TLS from other machines: connect with sslmode=require");
        }
        logIn(input, user);
        String database = parameters.getOrDefault("database", user);
        if (!database.equals(PgSchema.DATABASE) && !database.equals("postgres")) {
            throw PgException.fatal(SqlState.NO_DATABASE, "database \"" + database + "\" does not exist; this server has \"" + PgSchema.DATABASE + "\"");
        }
        if (parameters.containsKey("replication") && !parameters.get("replication").matches("(?i)false|off|no|0")) {
            throw PgException.fatal(SqlState.NOT_SUPPORTED, "replication is not supported");
        }
        PgSettings settings = new PgSettings();
        settings.force("session_authorization", user);
        apply(settings, parameters);
        settings.started();
        out.begin('R').putInt(0).end();
        settings.reported().forEach((name, value) -> out.begin('S').putString(name).putString(value).end());
        out.begin('K').putInt(id).putInt(secret).end();
        ready('I');
        socket.setSoTimeout(0);
        ACCESS.info("pg connection={} user={} application={} address={} tls={}", id, user, settings.get("application_name"), socket.getInetAddress().getHostAddress(),
                socket instanceof SSLSocket);
        try (SqlSession sql = server.sessions().open(user);
                PgSession session = new PgSession(sql, server.catalogue(), settings, name -> constant(name, user), new Running(), out)) {
            sql.checkLevel(settings.get(PgSettings.LEVEL));
            loop(session);
        } catch (IllegalArgumentException e) {
            throw PgException.fatal(SqlState.INVALID_PARAMETER, e.getMessage());
        }
    }

    @Nullable
    private String constant(String name, String user) {
        return switch (name) {
            case "current_user", "session_user", "user", "current_role" -> user;
            case "current_catalog", "current_database" -> PgSchema.DATABASE;
            case "pg_backend_pid" -> Integer.toString(id);
            default -> null;
        };
    }

    /** Settings of the start-up message, and those in {@code options} as {@code -c name=value}. */
    private static void apply(PgSettings settings, Map<String, String> parameters) throws PgException {
        for (Map.Entry<String, String> parameter : parameters.entrySet()) {
            String name = parameter.getKey();
            if (name.equals("options")) {
                String[] words = parameter.getValue().strip().split("(?<!\\\\)\\s+");
                for (int i = 0; i < words.length; i++) {
                    String word = words[i].equals("-c") && i + 1 < words.length ? words[++i] : words[i].replaceFirst("^-c|^--", "");
                    int equals = word.indexOf('=');
                    if (equals > 0) {
                        settings.set(word.substring(0, equals), word.substring(equals + 1).replace("\\ ", " "));
                    }
                }
            } else if (!name.equals("user") && !name.equals("database") && !name.equals("replication") && !name.startsWith("_pq_.")) {
                settings.set(name, parameter.getValue());
            }
        }
    }

    private void logIn(PgInput input, String user) throws Exception {
        Tokens tokens = server.tokens();
        if (!tokens.areNeeded()) {
            return;
        }
        String address = socket.getInetAddress().getHostAddress();
        long waitSeconds = server.limits().waitSeconds(address);
        if (waitSeconds > 0) {
            throw PgException.fatal(SqlState.INVALID_AUTHORIZATION, "too many failed logins from " + address + ": try again in " + waitSeconds + " s");
        }
        Tokens.Login login = tokens.login(user);
        // A user whom nobody knows gets the same questions, and the same answer as one with a wrong password.
        ScramExchange exchange = new ScramExchange(login == null ? ScramVerifier.unknown(user, server.secret()) : login.verifier());
        out.begin('R').putInt(10).putString(ScramExchange.MECHANISM).putByte(0).end();
        out.flush();
        PgInput.Message first = password(input);
        String mechanism = first.getString();
        if (!mechanism.equals(ScramExchange.MECHANISM)) {
            throw PgException.protocol("client selected an invalid SASL authentication mechanism");
        }
        byte[] message = first.getValue();
        first.end();
        sasl(11, exchange.first(message == null ? new byte[0] : message));
        String last = exchange.last(password(input).getRest());
        if (last == null || login == null) {
            server.limits().failed(address);
            ACCESS.info("pg connection={} user={} address={} login failed", id, user, address);
            throw PgException.fatal(SqlState.INVALID_PASSWORD, "password authentication failed for user \"" + user + "\"");
        }
        sasl(12, last);
    }

    private static PgInput.Message password(PgInput input) throws IOException, PgException {
        PgInput.Message message = input.read();
        if (message == null) {
            throw new EOFException("the client left during its login");
        }
        if (message.type() != 'p') {
            throw PgException.protocol("expected SASL response, got message type " + (int) message.type());
        }
        return message;
    }

    private void sasl(int code, String text) throws IOException {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.begin('R').putInt(code).putBytes(utf8, 0, utf8.length).end();
        out.flush();
    }

    private void ready(char status) throws IOException {
        synchronized (this) {
            busy = false;
            cancelled = null;
        }
        out.begin('Z').putByte(status).end();
        out.flush();
    }

    private void loop(PgSession session) throws Exception {
        MessageQueue queue = new MessageQueue();
        server.execute(() -> readAhead(queue));
        try {
            boolean skipping = false;
            while (true) {
                if (queue.isEmpty()) {
                    // Nobody waits for an answer that lies in our memory.
                    out.flush();
                }
                PgInput.Message message;
                try {
                    message = queue.take(session.hasOpenResults() ? OPEN_RESULT_MS : FOREVER_MS);
                } catch (TimeoutException e) {
                    throw PgException.fatal("25P03", "a result was left open for " + OPEN_RESULT_MS / 60_000 + " minutes");
                }
                if (message == null || message.type() == 'X') {
                    return;
                }
                if (!skipping || message.type() == 'S') {
                    skipping = carryOut(session, message);
                }
            }
        } finally {
            queue.end(null);
        }
    }

    /** @return whether messages are to be skipped until the next Sync */
    private boolean carryOut(PgSession session, PgInput.Message message) throws Exception {
        synchronized (this) {
            busy = true;
        }
        try {
            switch (message.type()) {
                case 'Q' -> {
                    String sql = message.getString();
                    message.end();
                    session.simple(sql);
                    ready(session.status());
                }
                case 'P' -> session.parse(message);
                case 'B' -> session.bind(message);
                case 'D' -> session.describe(message);
                case 'E' -> session.execute(message);
                case 'C' -> session.close(message);
                case 'S' -> {
                    session.sync();
                    ready(session.status());
                }
                case 'H' -> out.flush();
                // The rest of a COPY that was refused.
                case 'd', 'c', 'f' -> LOG.trace("connection {}: COPY data without COPY", id);
                case 'F' -> {
                    error(new PgException(SqlState.NOT_SUPPORTED, "function calls are not supported: send SELECT function(...)"));
                    ready(session.status());
                }
                default -> throw PgException.protocol("invalid frontend message type " + (int) message.type());
            }
            return false;
        } catch (PgOutput.ClientGoneException e) {
            throw e;
        } catch (Exception e) {
            return failed(session, message, e);
        }
    }

    private boolean failed(PgSession session, PgInput.Message message, Exception e) throws Exception {
        PgException told = SqlState.of(e, server.sessions().kindOf(e));
        if (told.isFatal()) {
            throw told;
        }
        if (told.sqlState().equals(SqlState.INTERNAL)) {
            LOG.error("connection {}: a statement failed", id, e);
        }
        session.failed();
        error(told);
        if (message.type() == 'Q') {
            ready(session.status());
            return false;
        }
        return true;
    }

    private void error(PgException e) {
        out.dropUnfinished();
        out.begin('E');
        String severity = e.isFatal() ? "FATAL" : "ERROR";
        out.putByte('S').putString(severity).putByte('V').putString(severity).putByte('C').putString(e.sqlState()).putByte('M').putString(e.getMessage());
        if (e.hint() != null) {
            out.putByte('H').putString(e.hint());
        }
        out.putByte(0).end();
    }

    private void sendLast(PgException e) {
        try {
            if (out != null && !closed) {
                error(e);
                out.flush();
            }
        } catch (IOException gone) {
            LOG.debug("connection {}: its last error could not be sent: {}", id, gone.toString());
        }
    }

    private void readAhead(MessageQueue queue) {
        PgInput input = new PgInput(in, MAX_MESSAGE_BYTES);
        try {
            PgInput.Message message = input.read();
            while (message != null) {
                queue.put(message);
                message = message.type() == 'X' ? null : input.read();
            }
            queue.end(null);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            queue.end(e);
        } catch (IOException | PgException e) {
            queue.end(e);
        } finally {
            cancel("the client has ended the connection");
        }
    }

    /** The statement that runs on this connection, for those who cancel it. */
    private final class Running implements PgSession.Running {

        @Override
        public AutoCloseable begin(long timeoutMs) {
            ScheduledFuture<?> late = timeoutMs <= 0 ? null
                    : server.clock().schedule(() -> cancel("canceling statement due to statement timeout"), timeoutMs, TimeUnit.MILLISECONDS);
            return () -> {
                if (late != null) {
                    late.cancel(false);
                }
            };
        }

        @Override
        public void opened(Answer of) {
            synchronized (PgConnection.this) {
                answer = of;
                if (cancelled != null) {
                    of.cancel(cancelled);
                }
            }
        }

        @Override
        public void closed(Answer of) {
            synchronized (PgConnection.this) {
                if (answer == of) {
                    answer = null;
                }
            }
        }
    }

    /** Ends the statement that runs, if one does. */
    synchronized void cancel(String reason) {
        if (!busy) {
            return;
        }
        cancelled = reason;
        if (answer != null) {
            answer.cancel(reason);
        }
    }

    /** Whether an answer is open. */
    synchronized boolean isAnswering() {
        return answer != null;
    }

    /** Looks whether the client takes what it is sent. */
    void check(long goneNs) {
        PgOutput of = out;
        if (of == null) {
            return;
        }
        if (of.isSending(goneNs)) {
            LOG.info("connection {}: its client has taken nothing for {} s", id, TimeUnit.NANOSECONDS.toSeconds(goneNs));
            close();
        } else if (of.isSending(SLOW_NS)) {
            synchronized (this) {
                if (answer != null) {
                    answer.rest();
                }
            }
        }
    }

    /** Ends the connection. */
    void close() {
        closed = true;
        try {
            raw.close();
        } catch (IOException e) {
            LOG.debug("connection {} did not close: {}", id, e.toString());
        }
    }
}
