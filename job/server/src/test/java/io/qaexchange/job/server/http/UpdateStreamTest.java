package io.qaexchange.job.server.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.server.security.AuditLog;
import io.qaexchange.job.server.security.Role;
import io.qaexchange.job.server.security.Tokens;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Documents that change and such that do not, in one stream, as their users may see them. */
@Timeout(60)
class UpdateStreamTest {

    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private Path folder;
    private Path tokens;
    private Server server;
    private UpdateStream updates;
    private final AtomicInteger changes = new AtomicInteger();
    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeEach
    void start() throws Exception {
        tokens = Files.writeString(folder.resolve("tokens.yaml"), "tokens:\n" + token("rita", "") + token("lim", "    instruments: [\"SHFE.rb*\"]\n"));
        HttpEndpoint endpoint = new HttpEndpoint(Tokens.of(tokens, Clock.systemUTC()), new HttpMetrics(), AuditLog.inMemory());
        endpoint.add("GET", "/v1/status", Role.READER, (exchange, path) -> {
            exchange.allow();
            exchange.json(200, Map.of("at", changes.incrementAndGet()));
        });
        endpoint.addLimited("GET", "/v1/queries", Role.READER, (exchange, path) -> exchange.json(200, List.of(exchange.user().name())));
        updates = new UpdateStream(endpoint);
        server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(endpoint);
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        updates.close();
        server.stop();
    }

    private static String token(String user, String limits) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest((user + "-token").getBytes(StandardCharsets.UTF_8));
        return "  - user: " + user + "\n    role: reader\n    sha256: " + HexFormat.of().formatHex(digest) + "\n" + limits;
    }

    private <T> HttpResponse<T> ask(String query, String user, HttpResponse.BodyHandler<T> body) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + ((ServerConnector) server.getConnectors()[0]).getLocalPort() + "/v1/updates" + query);
        return http.send(HttpRequest.newBuilder(uri).header("Authorization", "Bearer " + user + "-token").build(), body);
    }

    private BufferedReader follow(String query, String user) throws Exception {
        HttpResponse<InputStream> stream = ask(query, user, HttpResponse.BodyHandlers.ofInputStream());
        assertThat(stream.headers().firstValue("Content-Type").orElseThrow()).startsWith("text/event-stream");
        return new BufferedReader(new InputStreamReader(stream.body(), StandardCharsets.UTF_8));
    }

    /** The next document; null if the stream has ended. */
    private static JsonNode next(BufferedReader lines) throws IOException {
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.startsWith("data: ")) {
                return JSON.readTree(line.substring("data: ".length()));
            }
        }
        return null;
    }

    @Test
    void sendsEachDocumentWhenItHasChanged() throws Exception {
        try (BufferedReader lines = follow("?path=/v1/queries&path=/v1/status", "rita")) {
            assertThat(next(lines)).isEqualTo(JSON.readTree("{\"path\":\"/v1/queries\",\"status\":200,\"body\":[\"rita\"]}"));
            assertThat(next(lines)).isEqualTo(JSON.readTree("{\"path\":\"/v1/status\",\"status\":200,\"body\":{\"at\":1}}"));
            assertThat(next(lines)).as("queries have not changed, so they are not sent again")
                    .isEqualTo(JSON.readTree("{\"path\":\"/v1/status\",\"status\":200,\"body\":{\"at\":2}}"));
        }
    }

    @Test
    void saysWhatIsWrong() throws Exception {
        for (String query : List.of("", "?path=/v1/query", "?path=/v1/status&every=1")) {
            HttpResponse<String> refused = ask(query, "rita", HttpResponse.BodyHandlers.ofString());
            assertThat(refused.statusCode()).as(query).isEqualTo(400);
            assertThat(refused.headers().firstValue("Content-Type")).hasValue("application/problem+json");
            assertThat(refused.body()).contains(query.contains("every") ? "every" : "parameter path is given 1 to 8 times, with one of /v1/instruments, /v1/ledger");
        }
        assertThat(ask("?path=/v1/status", "nobody", HttpResponse.BodyHandlers.ofString()).statusCode()).isEqualTo(401);
    }

    @Test
    void showsAUserWhatHeMaySeeAndEndsWithHisToken() throws Exception {
        try (BufferedReader lines = follow("?path=/v1/status&path=/v1/queries", "lim")) {
            JsonNode refused = next(lines);
            assertThat(refused.get("status").asInt()).as(refused.toString()).isEqualTo(403);
            assertThat(refused.get("problem").get("detail").asText()).contains("may see some instruments");
            assertThat(refused.has("body")).isFalse();
            assertThat(next(lines).get("body").get(0).asText()).isEqualTo("lim");
            Files.writeString(tokens, "tokens:\n" + token("rita", ""));
            assertThat(next(lines)).as("the token is gone").isNull();
        }
    }

    @Test
    void endsWithTheServer() throws Exception {
        try (BufferedReader lines = follow("?path=/v1/queries", "rita")) {
            assertThat(next(lines).get("status").asInt()).isEqualTo(200);
            updates.close();
            assertThat(next(lines)).isNull();
        }
    }
}
