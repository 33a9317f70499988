package io.qaexchange.job.server.http;

import io.qaexchange.job.model.live.LiveException;
import io.qaexchange.job.model.live.LiveProtocol;
import io.qaexchange.job.query.live.JobNotRunningException;
import io.qaexchange.job.query.sql.RowsLostException;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.query.sql.TooManyRowsException;
import io.qaexchange.job.query.sql.WrongSqlException;
import io.qaexchange.job.server.engine.Admission;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.security.AuditLog;
import io.qaexchange.job.server.security.Role;
import io.qaexchange.job.server.security.Tokens;
import java.io.IOException;
import java.io.OutputStream;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import javax.annotation.Nullable;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.URIUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Finds the route of a request, checks who asks, and turns failures into problems. Thread-safe.
 */
public final class HttpEndpoint extends Handler.Abstract {

    private static final Logger LOG = LoggerFactory.getLogger(HttpEndpoint.class);
    private static final Logger ACCESS = LoggerFactory.getLogger("io.qaexchange.access");
    /** Name of the request in each line that the log has about it. */
    private static final String REQUEST_OF_LOG = "request";
    /** Names a request; a client may choose the name. */
    private static final String REQUEST = "Qaexchange-Request";
    /** A secret does not belong in a query string; who puts one there must not find it in the audit log. */
    private static final Pattern SECRET = Pattern.compile("(?i)([^&=]*(?:token|password|secret|authorization)[^&=]*)=[^&]*");
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9-]{8,64}");

    private final List<Route> routes = new ArrayList<>();
    private final Tokens tokens;
    private final HttpMetrics metrics;
    private final AuditLog audit;
    private final IdempotencyKeys keys;

    /** Answers a request. */
    @FunctionalInterface
    interface Action {
        /** @param path what stands in the place of the route's {@code *}; empty without one */
        void answer(Exchange exchange, String path) throws Exception;
    }

    /**
     * A route.
     *
     * @param method HTTP method
     * @param path path; one that ends in {@code /*} also takes a last part
     * @param role who may; null for everyone, also without a token
     * @param limited whether it shows a user only the rows that he may see; users who may not see all are refused elsewhere
     */
    record Route(String method, String path, @Nullable Role role, boolean limited, Action action) {

        boolean matchesPath(String asked) {
            return path.endsWith("/*") ? asked.startsWith(path.substring(0, path.length() - 1)) && asked.length() >= path.length() : path.equals(asked);
        }

        /** The last part, decoded: it is a name, which may have slashes and signs. */
        String rest(String asked) {
            return path.endsWith("/*") ? URIUtil.decodePath(asked.substring(path.length() - 1)) : "";
        }
    }

    /** @param audit notes calls that steer */
    public HttpEndpoint(Tokens tokens, HttpMetrics metrics, AuditLog audit) {
        this.audit = audit;
        this.tokens = tokens;
        this.metrics = metrics;
        this.keys = new IdempotencyKeys(Clock.systemUTC());
    }

    void add(String method, String path, @Nullable Role role, Action action) {
        routes.add(new Route(method, path, role, false, action));
    }

    /** Adds a route that shows a user only the rows that he may see, or nothing that depends on rows. */
    void addLimited(String method, String path, Role role, Action action) {
        routes.add(new Route(method, path, role, true, action));
    }

    List<Route> routes() {
        return routes;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        long beganNs = System.nanoTime();
        String path = Request.getPathInContext(request);
        String named = request.getHeaders().get(REQUEST);
        String id = named != null && NAME.matcher(named).matches() ? named : UUID.randomUUID().toString();
        response.getHeaders().put(REQUEST, id);
        response.getHeaders().put("Cache-Control", "no-store");
        response.getHeaders().put("X-Content-Type-Options", "nosniff");
        SteeringResponse steering = isSteering(request.getMethod(), path) ? new SteeringResponse(request, response, audit, path + queryOf(request), id, beganNs) : null;
        Response answer = steering == null ? response : steering;
        Exchange exchange = null;
        String user = "-";
        MDC.put(REQUEST_OF_LOG, id);
        try {
            Route route = find(request.getMethod(), path);
            Tokens.User asking = tokens.find(Exchange.token(request));
            exchange = new Exchange(request, answer, asking, id);
            user = asking == null ? "-" : asking.name();
            if (steering != null) {
                steering.setUser(user);
            }
            check(route, asking, exchange);
            String key = steering != null && request.getMethod().equals("POST") ? exchange.header(IdempotencyKeys.HEADER) : null;
            if (key == null) {
                route.action().answer(exchange, route.rest(path));
            } else {
                answerOnce(route, exchange, path, steering, IdempotencyKeys.parse(key));
            }
            callback.succeeded();
        } catch (Throwable e) {
            fail(exchange == null ? new Exchange(request, answer, null, id) : exchange, e, callback, id);
        } finally {
            long ms = millisSince(beganNs);
            if (steering != null) {
                steering.note();
            }
            metrics.answered(path, response.getStatus(), System.nanoTime() - beganNs);
            ACCESS.info("request={} user={} method={} path={} status={} ms={}", id, user, request.getMethod(), path, response.getStatus(), ms);
            MDC.remove(REQUEST_OF_LOG);
        }
        return true;
    }

    /**
     * The document that whoever asks would get now from another path.
     *
     * @throws Problem if he would get none
     */
    byte[] document(Exchange exchange, String path) throws Exception {
        Route route = find("GET", path);
        Tokens.User user = tokens.find(exchange.token());
        CapturedExchange captured = new CapturedExchange(exchange, user);
        check(route, user, captured);
        route.action().answer(captured, route.rest(path));
        return captured.bytesOfAnswer();
    }

    /** Answers a call that starts work; one with a key that was answered before gets that answer again. */
    private void answerOnce(Route route, Exchange exchange, String path, SteeringResponse response, String key) throws Exception {
        String user = exchange.user().name();
        IdempotencyKeys.Answer given = keys.begin(user, key, IdempotencyKeys.requestOf(exchange.method(), path, exchange.query(), exchange.bytes()));
        if (given != null) {
            exchange.setHeader(IdempotencyKeys.REPLAYED, "true");
            if (given.location() != null) {
                exchange.setHeader("Location", given.location());
            }
            try (OutputStream out = exchange.begin(given.status(), given.contentType())) {
                out.write(given.body());
            }
            return;
        }
        response.keepAnswer();
        try {
            route.action().answer(exchange, route.rest(path));
        } finally {
            // Also if the client has gone meanwhile: it is he who asks again.
            keys.end(user, key, response.answer());
        }
    }

    private static String queryOf(Request request) {
        String query = request.getHttpURI().getQuery();
        return query == null ? "" : "?" + SECRET.matcher(query).replaceAll("$1=***");
    }

    private static long millisSince(long beganNs) {
        return (System.nanoTime() - beganNs) / 1_000_000;
    }

    /** Whether a call steers the job or the server, or tries to. */
    private static boolean isSteering(String method, String path) {
        return path.startsWith("/admin/") || method.equals("DELETE");
    }

    private Route find(String method, String path) {
        List<String> others = new ArrayList<>();
        for (Route route : routes) {
            if (route.matchesPath(path)) {
                if (route.method().equals(method) || method.equals("HEAD") && route.method().equals("GET")) {
                    return route;
                }
                others.add(route.method());
            }
        }
        if (others.isEmpty()) {
            throw new Problem(404, "no-such-path", "there is nothing at " + path + "; /openapi.json lists what there is");
        }
        throw new Problem(405, "method-not-allowed", path + " takes " + String.join(", ", others) + ", not " + method);
    }

    private static void check(Route route, @Nullable Tokens.User user, Exchange exchange) {
        if (route.role() == null) {
            return;
        }
        if (user == null) {
            exchange.setHeader("WWW-Authenticate", "Bearer");
            throw new Problem(401, "token-needed", "a valid token is needed: send Authorization: Bearer <token>");
        }
        if (!user.role().covers(route.role())) {
            throw new Problem(403, "role-needed", "user " + user.name() + " is " + user.role() + ", this needs " + route.role());
        }
        if (!route.limited() && !user.access().isAll()) {
            throw new Problem(403, "rows-limited", "user " + user.name() + " may see some instruments or accounts only, and " + route.path()
                    + " cannot show a part: ask an operator of the server");
        }
    }

    private void fail(Exchange exchange, Throwable failure, Callback callback, String id) {
        if (exchange.isCommitted()) {
            // The client must not take what it has got for the whole answer: the connection breaks.
            LOG.info("request {} failed after its answer had begun: {}", id, failure.toString());
            callback.failed(failure);
            return;
        }
        if (isGone(failure)) {
            callback.failed(failure);
            return;
        }
        Problem problem = problemOf(failure);
        if (problem.status() == 500) {
            LOG.error("request {} failed", id, failure);
        }
        try {
            exchange.problem(problem);
            callback.succeeded();
        } catch (IOException e) {
            callback.failed(e);
        }
    }

    private static boolean isGone(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof EofException) {
                return true;
            }
        }
        return false;
    }

    static Problem problemOf(Throwable failure) {
        if (failure instanceof Problem problem) {
            return problem;
        }
        if (failure instanceof Admission.RefusedException refused) {
            return refused.isQueueFull() ? new Problem(429, "too-many-queries", refused.getMessage()) : new Problem(503, "no-place-free", refused.getMessage());
        }
        if (QueryEngine.isBehind(failure)) {
            return new Problem(503, "replay-behind", failure.getMessage());
        }
        if (failure instanceof JobNotRunningException) {
            return new Problem(503, "job-not-running", failure.getMessage());
        }
        if (failure instanceof LiveException live) {
            return live.code().equals(LiveProtocol.NOT_HELD) ? new Problem(410, "checkpoint-not-held", live.getMessage())
                    : new Problem(503, live.code(), live.getMessage());
        }
        if (failure instanceof QueryEngine.EndedException) {
            return new Problem(408, "query-ended", failure.getMessage());
        }
        if (failure instanceof WrongSqlException) {
            return new Problem(400, "query-refused", failure.getMessage());
        }
        if (SqlTables.isOfAFile(failure)) {
            return new Problem(502, "cannot-read", failure.getMessage().substring("IO Error: ".length()));
        }
        if (failure instanceof TooManyRowsException) {
            return new Problem(422, "too-many-rows", failure.getMessage());
        }
        if (failure instanceof RowsLostException) {
            Problem why = problemOf(failure.getCause());
            return new Problem(why.status(), why.code(), failure.getMessage());
        }
        if (failure instanceof SQLException sql) {
            return new Problem(400, sql.getMessage() != null && sql.getMessage().contains("Out of Memory") ? "query-too-large" : "wrong-sql",
                    String.valueOf(sql.getMessage()));
        }
        if (failure instanceof IllegalArgumentException) {
            return new Problem(400, "bad-request", failure.getMessage());
        }
        if (failure instanceof IOException) {
            return new Problem(502, "cannot-read", failure.getMessage() == null ? failure.toString() : failure.getMessage());
        }
        return new Problem(500, "internal-error", "the server failed: " + failure);
    }
}
