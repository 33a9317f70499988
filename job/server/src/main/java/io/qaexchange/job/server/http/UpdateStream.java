package io.qaexchange.job.server.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Documents that somebody looks at, as server-sent events in one stream: a browser has six connections to a server, and a page has several panels. A
 * document is sent when it has changed, {@code {"path":…,"status":200,"body":…}}, and a problem in its place, {@code {"path":…,"status":503,"problem":…}}.
 *
 * <p>It is looked at every {@value #PERIOD_MS} ms, as the user who asks may see it then; a comment says that nothing has changed. The stream ends when
 * the token does, or the server.
 *
 * <p>Thread-safe.
 */
public final class UpdateStream implements AutoCloseable {

    private static final String PATH = "/v1/updates";
    private static final long PERIOD_MS = 1_500;
    private static final int MOST_STREAMS = 64;
    /** A page has few panels. */
    private static final int MOST_PATHS = 8;
    /** Documents that are small, and cheap to make. */
    private static final Set<String> PATHS = Set.of("/v1/status", "/v1/storage", "/v1/storage/history", "/v1/queries", "/v1/queries/ended", "/v1/ledger", "/v1/instruments");

    private final HttpEndpoint endpoint;
    private final AtomicInteger streams = new AtomicInteger();
    private final CountDownLatch closed = new CountDownLatch(1);

    /** @param endpoint has the documents, and gets the route */
    public UpdateStream(HttpEndpoint endpoint) {
        this.endpoint = endpoint;
        endpoint.addLimited("GET", PATH, Role.READER, (exchange, path) -> answer(exchange));
    }

    /** Goes on until the client goes. */
    private void answer(Exchange exchange) throws Exception {
        exchange.allow("path");
        List<String> paths = exchange.all("path").stream().distinct().toList();
        if (paths.isEmpty() || paths.size() > MOST_PATHS || !PATHS.containsAll(paths)) {
            throw Problem.badRequest("bad-parameter", "parameter path is given 1 to " + MOST_PATHS + " times, with one of " + String.join(", ", PATHS.stream().sorted().toList()));
        }
        if (streams.incrementAndGet() > MOST_STREAMS) {
            streams.decrementAndGet();
            throw new Problem(503, "no-place-free", MOST_STREAMS + " streams of updates are open. Ask for the documents themselves");
        }
        try {
            send(exchange, paths);
        } finally {
            streams.decrementAndGet();
        }
    }

    private void send(Exchange exchange, List<String> paths) throws Exception {
        OutputStream out = exchange.beginEvents();
        Map<String, String> sent = new HashMap<>();
        do {
            boolean quiet = true;
            for (String path : paths) {
                String event = event(exchange, path);
                if (event == null) {
                    return;
                }
                if (!event.equals(sent.put(path, event))) {
                    write(out, "data: " + event + "\n\n");
                    quiet = false;
                }
            }
            if (quiet) {
                write(out, ": nothing has changed\n\n");
            }
        } while (!closed.await(PERIOD_MS, TimeUnit.MILLISECONDS));
    }

    /** Ends all streams. */
    @Override
    public void close() {
        closed.countDown();
    }

    /** @return null if the token is no longer good */
    private String event(Exchange exchange, String path) throws IOException {
        ObjectNode event = Exchange.JSON.createObjectNode().put("path", path);
        try {
            event.put("status", 200).set("body", Exchange.JSON.readTree(endpoint.document(exchange, path)));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("the server is being stopped", e);
        } catch (Exception e) {
            Problem problem = HttpEndpoint.problemOf(e);
            if (problem.status() == 401) {
                return null;
            }
            event.put("status", problem.status()).set("problem", Exchange.JSON.valueToTree(problem.document(path)));
        }
        return event.toString();
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
