package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.qaexchange.job.cli.client.ServerFile;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/query} beside a server: what it prints, and that it loads neither DuckDB nor Flink for that. */
class QuickQueryTest {

    private static final String ID = "5c1b6f0e-0000-4000-8000-000000000001";

    @TempDir
    private Path folder;
    private HttpServer server;
    private volatile String asked;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/healthz", exchange -> answer(exchange, 200, "application/json", "{\"status\" : \"up\",\n\"server\" : \"" + ID + "\"}"));
        server.createContext("/v1/query", this::query);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void query(HttpExchange exchange) throws IOException {
        asked = exchange.getRequestURI() + " " + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        if (asked.contains("trads")) {
            answer(exchange, 400, "application/problem+json", "{\"type\":\"urn:qaexchange:problem:wrong-sql\",\"status\":400,\"detail\":\"there is no table trads\"}");
            return;
        }
        exchange.getResponseHeaders().add("Qaexchange-Level", "live");
        exchange.getResponseHeaders().add("Qaexchange-Pinned-To", "2026-01-05T01:30:00Z");
        exchange.getResponseHeaders().add("Qaexchange-Notice", "no row of X %E2%82%AC+1");
        exchange.getResponseHeaders().add("Qaexchange-Notice", "and none of Y");
        answer(exchange, 200, "text/csv", "n\n42 \u20ac\n");
    }

    private static void answer(HttpExchange exchange, int status, String type, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().add("Content-Type", type);
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private URI address() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    private record Ended(int code, String out, String err, String classes) {
    }

    private Ended run(String... arguments) throws Exception {
        Path log = folder.resolve("classes.log");
        Path out = folder.resolve("out");
        Path err = folder.resolve("err");
        List<String> command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", "-Xlog:class+load:file=" + log, "-cp",
                System.getProperty("java.class.path"), QuickQuery.class.getName()));
        command.addAll(Arrays.asList(arguments));
        Process process = new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Ended(process.exitValue(), Files.readString(out), Files.readString(err), Files.readString(log));
    }

    @Test
    void asksTheServerOfTheFolderWithFewClasses() throws Exception {
        new ServerFile(folder).write(address(), ID);
        Ended ended = run("SELECT count(*) AS n FROM trade", "--dir", folder.toString(), "--format=csv", "--level", "checkpoint:7");
        assertThat(ended.out()).isEqualTo("n\n42 \u20ac\n");
        assertThat(ended.err()).isEqualTo("query: live as of 2026-01-05T01:30:00Z, from " + address() + "\nquery: no row of X \u20ac+1\nquery: and none of Y\n");
        assertThat(ended.code()).isEqualTo(Tool.GOOD);
        assertThat(asked).isEqualTo("/v1/query?format=csv&level=checkpoint%3A7 SELECT count(*) AS n FROM trade");
        assertThat(ended.classes()).contains("QuickQuery").doesNotContain("org.duckdb").doesNotContain("org.apache.flink").doesNotContain("picocli")
                .doesNotContain("log4j").doesNotContain("com.fasterxml").doesNotContain("java.net.http.");
    }

    @Test
    void tellsTheServersRefusal() throws Exception {
        Ended ended = run("SELECT * FROM trads", "--server", address().toString());
        assertThat(ended.code()).isEqualTo(Tool.BAD);
        assertThat(ended.out()).isEmpty();
        assertThat(ended.err()).isEqualTo("query: there is no table trads\n");
    }

    @Test
    void leavesEverythingElseToTheWholeCommand() {
        for (String line : List.of("", "--help", "-h", "SELECT", "SELECT --dir", "a b --dir x", "SELECT --dir x --parquet y", "SELECT --server none", "SELECT --server https://x",
                "SELECT --server x:1", "SELECT --dir x --format parquet", "SELECT --dir x --format arrow", "--version", "SELECT --dir x --checkpoint y")) {
            assertThat(QuickQuery.Asked.of(line.isEmpty() ? new String[0] : line.split(" "))).as(line).isNull();
        }
        assertThat(QuickQuery.Asked.of(new String[] {"SELECT 1", "--dir", "x"})).isEqualTo(new QuickQuery.Asked("SELECT 1", Path.of("x"), null, "live", "table"));
        assertThat(QuickQuery.Asked.of(new String[] {"--server=http://h:1", "--format", "json", "SELECT 1"}))
                .isEqualTo(new QuickQuery.Asked("SELECT 1", null, "http://h:1", "live", "json"));
    }

    @Test
    void aServerThatIsGoneIsForTheWholeCommand() throws Exception {
        new ServerFile(folder).write(address(), "another-id");
        assertThat(QuickQuery.ask(QuickQuery.Asked.of(new String[] {"SELECT 1", "--dir", folder.toString()}))).as("another server").isNull();
        server.stop(0);
        assertThat(QuickQuery.ask(QuickQuery.Asked.of(new String[] {"SELECT 1", "--dir", folder.toString()}))).isNull();
        assertThat(QuickQuery.ask(QuickQuery.Asked.of(new String[] {"SELECT 1", "--server", address().toString()}))).isNull();
        assertThat(QuickQuery.ask(QuickQuery.Asked.of(new String[] {"SELECT 1", "--dir", folder.resolve("none").toString()}))).isNull();
    }
}
