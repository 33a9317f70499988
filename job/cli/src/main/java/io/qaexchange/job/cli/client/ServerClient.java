package io.qaexchange.job.cli.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import javax.annotation.Nullable;

/** Asks a query server over its public HTTP interface. Thread-safe. */
public final class ServerClient {

    static final HttpClient HTTP = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).version(HttpClient.Version.HTTP_1_1).build();

    /** The environment variable with the token to show. */
    public static final String TOKEN = "QAEXCHANGE_TOKEN";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final URI address;
    @Nullable
    private final String token;

    /** @param token shown with each request; null for none */
    public ServerClient(URI address, @Nullable String token) {
        this.address = address;
        this.token = token;
    }

    /** A client that shows the token of the environment, if there is one. */
    public static ServerClient of(URI address) {
        return new ServerClient(address, System.getenv(TOKEN));
    }

    /**
     * Reads an address as users write it.
     *
     * @throws UsageException if it is none
     */
    public static URI address(String text) {
        try {
            URI uri = URI.create(text.contains("://") ? text : "http://" + text);
            if (uri.getHost() != null && (uri.getScheme().equals("http") || uri.getScheme().equals("https"))) {
                return uri;
            }
        } catch (IllegalArgumentException e) {
            throw new UsageException(text + " is no URL of a server such as http://127.0.0.1:8090", e);
        }
        throw new UsageException(text + " is no URL of a server such as http://127.0.0.1:8090");
    }

    /**
     * An answer that is on its way.
     *
     * @param level the level that was read, such as {@code live} or {@code checkpoint:12}; null if the server does not say
     * @param pinnedTo the moment up to which live rows are in the answer, in ISO-8601; null at other levels
     * @param notices sentences about the rows, such as an instrument of which there is none
     * @param body the rows
     */
    public record Answer(@Nullable String level, @Nullable String pinnedTo, List<String> notices, InputStream body) implements AutoCloseable {

        /** The level and moment in words, such as {@code live as of 2026-01-05T01:30:00Z}; empty if the query reads no table. */
        public String asOf() {
            return level == null ? "" : level + (pinnedTo == null ? "" : " as of " + pinnedTo);
        }

        @Override
        public void close() throws IOException {
            body.close();
        }
    }

    /**
     * Runs a query. The thread's interruption ends the request, and the server then cancels the query.
     *
     * @param format as {@code /v1/query} names it: json, ndjson, csv, arrow, parquet or table
     * @param level as {@code /v1/query} names it: live, checkpoint, checkpoint:ID or archive
     * @throws ServerProblem if the server refuses
     */
    public Answer query(String sql, String format, String level) throws IOException, InterruptedException {
        HttpRequest request = request("/v1/query?format=" + format + "&level=" + URLEncoder.encode(level, StandardCharsets.UTF_8))
                .header("Content-Type", "application/sql").POST(HttpRequest.BodyPublishers.ofString(sql)).build();
        HttpResponse<InputStream> response = send(request);
        List<String> notices = response.headers().allValues("Qaexchange-Notice").stream()
                .map(value -> URLDecoder.decode(value.replace("+", "%2B"), StandardCharsets.UTF_8)).toList();
        return new Answer(header(response, "Qaexchange-Level").orElse(null), header(response, "Qaexchange-Pinned-To").orElse(null), notices,
                response.body());
    }

    /** Gets a JSON document. */
    public JsonNode get(String path) throws IOException, InterruptedException {
        try (InputStream body = send(request(path).build()).body()) {
            return JSON.readTree(body);
        }
    }

    public URI address() {
        return address;
    }

    private HttpRequest.Builder request(String path) {
        HttpRequest.Builder request = HttpRequest.newBuilder(address.resolve(path));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return request;
    }

    private HttpResponse<InputStream> send(HttpRequest request) throws IOException, InterruptedException {
        CompletableFuture<HttpResponse<InputStream>> pending = HTTP.sendAsync(request, HttpResponse.BodyHandlers.ofInputStream());
        HttpResponse<InputStream> response;
        try {
            response = pending.get();
        } catch (InterruptedException e) {
            pending.cancel(true);
            throw e;
        } catch (ExecutionException e) {
            if (e.getCause() instanceof ConnectException) {
                throw new IOException("nobody answers at " + address + ": start a server with bin/serve, or name another one", e.getCause());
            }
            throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
        }
        if (response.statusCode() >= 300) {
            throw problem(response);
        }
        return response;
    }

    private ServerProblem problem(HttpResponse<InputStream> response) throws IOException {
        String text;
        try (InputStream body = response.body()) {
            text = new String(body.readAllBytes(), StandardCharsets.UTF_8);
        }
        return problem(address, response.statusCode(), header(response, "Content-Type").orElse(""), text);
    }

    /** The refusal in an answer. */
    public static ServerProblem problem(URI address, int status, String contentType, String text) throws IOException {
        String code = "no-problem-document";
        String detail = "the server at " + address + " answered with status " + status + ": " + text;
        if (contentType.startsWith("application/problem+json")) {
            JsonNode document = JSON.readTree(text);
            detail = document.path("detail").asText();
            String type = document.path("type").asText();
            code = type.substring(type.lastIndexOf(':') + 1);
        }
        if (status == 401) {
            detail += ". The token is read from the environment: export " + TOKEN + "=…";
        }
        return new ServerProblem(status, code, detail);
    }

    private static Optional<String> header(HttpResponse<?> response, String name) {
        return response.headers().firstValue(name);
    }
}
