package io.qaexchange.job.server.http;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.job.server.security.Tokens;
import io.qaexchange.job.server.session.SessionName;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Fields;

/** A request and its response, as routes see them. One thread. */
class Exchange {

    static final ObjectMapper JSON = new ObjectMapper();
    private static final int MAX_BODY_BYTES = 1 << 20;
    private static final String BEARER = "Bearer ";

    private final Request request;
    private final Response response;
    private final Tokens.User user;
    private final Fields parameters;
    private final String id;
    @Nullable
    private byte[] body;

    /** @param id name of the request */
    Exchange(Request request, Response response, Tokens.User user, String id) {
        this.request = request;
        this.id = id;
        this.response = response;
        this.user = user;
        this.parameters = Request.extractQueryParameters(request, StandardCharsets.UTF_8);
    }

    /** The same request of a user, as if it had no parameters. */
    Exchange(Exchange of, @Nullable Tokens.User user) {
        this.request = of.request;
        this.id = of.id;
        this.response = of.response;
        this.user = user;
        this.parameters = Fields.EMPTY;
    }

    /** Its token, as it was sent; null without one. */
    @Nullable
    String token() {
        return token(request);
    }

    /** The token of a request, as it was sent; null without one. */
    @Nullable
    static String token(Request request) {
        String header = request.getHeaders().get("Authorization");
        return header != null && header.startsWith(BEARER) ? header.substring(BEARER.length()).strip() : null;
    }

    /** The values of a parameter that may be there several times. */
    List<String> all(String name) {
        return parameters.getValuesOrEmpty(name);
    }

    String method() {
        return request.getMethod();
    }

    /** The name of the request, in the logs and in problems. */
    String id() {
        return id;
    }

    /** The query string; null without one. */
    @Nullable
    String query() {
        return request.getHttpURI().getQuery();
    }

    Tokens.User user() {
        return user;
    }

    /** The rows that whoever asks may see. */
    RowAccess access() {
        return user.access();
    }

    /** Who asks, and the name of the request. */
    QueryEngine.Asker asker() {
        return new QueryEngine.Asker(user.name(), id, user.access(), session());
    }

    @Nullable
    private String session() {
        try {
            return SessionName.check(header(SessionName.HEADER));
        } catch (IllegalArgumentException e) {
            throw Problem.badRequest("bad-header", e.getMessage());
        }
    }

    @Nullable
    String header(String name) {
        return request.getHeaders().get(name);
    }

    /** A parameter of the query string; null if it is not there. */
    @Nullable
    String parameter(String name) {
        return parameters.getValue(name);
    }

    String parameter(String name, String otherwise) {
        String value = parameters.getValue(name);
        return value == null ? otherwise : value;
    }

    /** @throws Problem if it is missing */
    String required(String name) {
        String value = parameters.getValue(name);
        if (value == null || value.isEmpty()) {
            throw Problem.badRequest("missing-parameter", "parameter " + name + " is missing");
        }
        return value;
    }

    long number(String name, long otherwise, long lowest, long highest) {
        String value = parameters.getValue(name);
        if (value == null) {
            return otherwise;
        }
        try {
            long number = Long.parseLong(value);
            if (number >= lowest && number <= highest) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw Problem.badRequest("bad-parameter", "parameter " + name + ": \"" + value + "\" is no whole number");
        }
        throw Problem.badRequest("bad-parameter", "parameter " + name + ": " + value + " is not between " + lowest + " and " + highest);
    }

    /** Refuses parameters that a route does not know: a typo must not change an answer silently. */
    void allow(String... names) {
        for (String name : parameters.getNames()) {
            if (!List.of(names).contains(name)) {
                throw Problem.badRequest("unknown-parameter", "parameter " + name + " is none of " + String.join(", ", names));
            }
        }
    }

    /** Whether a parameter is {@code true}; false without it. */
    boolean flag(String name) {
        String value = parameter(name, "false");
        if (!value.equals("true") && !value.equals("false")) {
            throw Problem.badRequest("bad-parameter", "parameter " + name + ": \"" + value + "\" is neither true nor false");
        }
        return value.equals("true");
    }

    /** @throws Problem 413 if it is too large */
    String body() throws IOException {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    /**
     * The body; read once, however often it is asked for.
     *
     * @throws Problem 413 if it is too large
     */
    byte[] bytes() throws IOException {
        if (body == null) {
            body = read();
        }
        return body;
    }

    private byte[] read() throws IOException {
        try (InputStream in = Content.Source.asInputStream(request)) {
            byte[] bytes = in.readNBytes(MAX_BODY_BYTES + 1);
            if (bytes.length > MAX_BODY_BYTES) {
                throw new Problem(413, "body-too-large", "the body has more than " + MAX_BODY_BYTES + " bytes");
            }
            return bytes;
        }
    }

    void setHeader(String name, String value) {
        response.getHeaders().put(name, value);
    }

    /** A sentence about the answer, in a header {@code Qaexchange-Notice}; characters beyond printable ASCII are percent-encoded as UTF-8. */
    void notice(String sentence) {
        StringBuilder value = new StringBuilder();
        for (byte b : sentence.getBytes(StandardCharsets.UTF_8)) {
            if (b >= ' ' && b < 0x7f && b != '%') {
                value.append((char) b);
            } else {
                value.append('%').append(HexFormat.of().withUpperCase().toHexDigits(b));
            }
        }
        response.getHeaders().add("Qaexchange-Notice", value.toString());
    }

    /** Whether the status and headers are on their way. */
    boolean isCommitted() {
        return response.isCommitted();
    }

    OutputStream begin(int status, String contentType) {
        response.setStatus(status);
        setHeader("Content-Type", contentType);
        return new AnswerBody(response, false);
    }

    /** As {@link #begin}, events for whoever follows something: what is flushed is sent. */
    OutputStream beginEvents() {
        response.setStatus(200);
        setHeader("Content-Type", "text/event-stream");
        return new AnswerBody(response, true);
    }

    void json(int status, Object value) throws IOException {
        json(status, "application/json", value);
    }

    void json(int status, String contentType, Object value) throws IOException {
        byte[] bytes = JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(value);
        try (OutputStream out = begin(status, contentType)) {
            out.write(bytes);
            out.write('\n');
        }
    }

    /** As {@link #json}, without line ends, for answers that are long. */
    void compactJson(int status, Object value) throws IOException {
        try (OutputStream out = begin(status, "application/json")) {
            out.write(JSON.writeValueAsBytes(value));
        }
    }

    /** Writes JSON. */
    @FunctionalInterface
    interface JsonWork {
        void write(JsonGenerator out) throws IOException;
    }

    /** As {@link #compactJson(int, Object)}, written field by field; nothing is sent before all is written. */
    void compactJson(int status, JsonWork work) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            work.write(json);
        }
        try (OutputStream out = begin(status, "application/json")) {
            bytes.writeTo(out);
        }
    }

    void text(int status, String contentType, String text) throws IOException {
        try (OutputStream out = begin(status, contentType)) {
            out.write(text.getBytes(StandardCharsets.UTF_8));
        }
    }

    void problem(Problem problem) throws IOException {
        String path = request.getHttpURI().getPath();
        if (path != null && path.startsWith(IcebergRoutes.PREFIX)) {
            json(problem.status(), IcebergRoutes.errorOf(problem));
            return;
        }
        Map<String, Object> document = problem.document(path);
        document.put("request", id);
        if (problem.status() == 429 || problem.status() == 503) {
            setHeader("Retry-After", "1");
        }
        json(problem.status(), "application/problem+json", document);
    }
}
