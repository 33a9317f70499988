package io.qaexchange.job.cli.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.jline.reader.Candidate;
import org.jline.reader.LineReader;
import org.jline.reader.ParsedLine;
import org.jline.reader.Parser;
import org.jline.terminal.Terminal;
import org.jline.terminal.impl.DumbTerminal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The shell on a server that answers as the test wants. */
@Timeout(60)
class SqlShellTest {

    @TempDir
    private Path folder;
    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
    private final CountDownLatch slowBegan = new CountDownLatch(1);
    private final CountDownLatch slowEnds = new CountDownLatch(1);
    private HttpServer server;
    private URI address;

    @BeforeEach
    void start() throws Exception {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", this::answer);
        server.start();
        address = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    @AfterEach
    void stop() {
        slowEnds.countDown();
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        String sql = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String query = exchange.getRequestURI().getQuery();
        asked.add(path + (query == null ? "" : "?" + query) + " " + sql);
        String body;
        int status = 200;
        if (path.equals("/healthz")) {
            body = "{\"status\":\"up\",\"server\":\"this-one\"}";
        } else if (path.equals("/v1/tables")) {
            body = "{\"tables\":[\"tick\",\"trade\"]}";
        } else if (sql.startsWith("DESCRIBE trade")) {
            body = "[{\"column_name\":\"instrument\"},{\"column_name\":\"price\"}]";
        } else if (sql.equals("SELECT broken")) {
            status = 400;
            exchange.getResponseHeaders().set("Content-Type", "application/problem+json");
            body = "{\"type\":\"urn:qaexchange:problem:wrong-sql\",\"detail\":\"column broken is not there\"}";
        } else if (sql.equals("SELECT slow")) {
            slowBegan.countDown();
            await(slowEnds);
            body = "too late\n";
        } else if (query.contains("format=ndjson")) {
            body = "{\"n\":1,\"longer\":\"x\"}\n";
        } else {
            exchange.getResponseHeaders().set("Qaexchange-Level", "live");
            exchange.getResponseHeaders().set("Qaexchange-Notice", "nothing of %E8%9E%BA 100%25");
            body = "rows of " + sql + "\n";
        }
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length);
        try (OutputStream out = exchange.getResponseBody()) {
            out.write(bytes);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await(50, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Test
    void runsStatementsOverSeveralLinesAndItsCommands() throws Exception {
        String said = shell("SELECT\n1; SELECT 2;\n\\level checkpoint:7\nSELECT 3;\n\\x on\nSELECT 4;\n\\d trad\n\\wat\nSELECT broken;\n\\q\nSELECT 5;\n");
        assertThat(said).contains("rows of SELECT\n1").contains("rows of SELECT 2").contains("nothing of 螺 100%").contains("live")
                .contains("rows of SELECT 3").contains("-[ 1 ]").contains("longer | x").contains("there is no table trad; did you mean trade?")
                .contains("there is no command \\wat; did you mean \\watch?").contains("column broken is not there").doesNotContain("SELECT 5");
        assertThat(asked).anyMatch(request -> request.contains("level=checkpoint:7") && request.endsWith("SELECT 3"));
    }

    @Test
    void interruptCancelsTheStatementAndTheShellGoesOn() throws Exception {
        PipedOutputStream keys = new PipedOutputStream();
        ByteArrayOutputStream shown = new ByteArrayOutputStream();
        Terminal terminal = new DumbTerminal("test", "dumb", new PipedInputStream(keys), shown, StandardCharsets.UTF_8);
        SqlSession session = new SqlSession(new ServerClient(address, null), "live", "table");
        Thread shell = new Thread(() -> new SqlShell(session, reader(terminal, session)).run());
        shell.start();
        keys.write("SELECT slow;\n".getBytes(StandardCharsets.UTF_8));
        keys.flush();
        await(slowBegan);
        terminal.raise(Terminal.Signal.INT);
        keys.write("SELECT 6;\n\\q\n".getBytes(StandardCharsets.UTF_8));
        keys.close();
        shell.join();
        assertThat(shown.toString(StandardCharsets.UTF_8)).contains("cancelled").contains("rows of SELECT 6").doesNotContain("too late");
    }

    @Test
    void completesKeywordsTablesAndColumnsOfNamedTables() {
        SqlSession session = new SqlSession(new ServerClient(address, null), "live", "table");
        assertThat(completions(session, "SELECT * FROM tr")).contains("trade", "tick", "where").doesNotContain("price");
        assertThat(completions(session, "SELECT count(pr|) FROM trade")).contains("count(price");
        assertThat(completions(session, "\\w")).contains("\\watch");
    }

    @Test
    void aServerCountsOnlyWithTheIdInTheFile() throws Exception {
        ServerFile file = new ServerFile(folder);
        assertThat(file.find()).isEmpty();
        file.write(address, "another");
        assertThat(file.find()).as("another server has the port now").isEmpty();
        file.write(address, "this-one");
        assertThat(file.find()).contains(address);
        file.remove("another");
        assertThat(file.find()).contains(address);
        file.remove("this-one");
        assertThat(file.find()).isEmpty();
    }

    @Test
    void namesTheServerThatDoesNotAnswer() {
        server.stop(0);
        assertThatThrownBy(() -> new ServerClient(address, null).query("SELECT 1", "table", "live")).isInstanceOf(IOException.class)
                .hasMessageContaining("nobody answers at " + address).hasMessageContaining("bin/serve");
    }

    private String shell(String typed) throws Exception {
        ByteArrayOutputStream shown = new ByteArrayOutputStream();
        Terminal terminal = new DumbTerminal("test", "dumb", new java.io.ByteArrayInputStream(typed.getBytes(StandardCharsets.UTF_8)), shown,
                StandardCharsets.UTF_8);
        SqlSession session = new SqlSession(new ServerClient(address, null), "live", "table");
        new SqlShell(session, reader(terminal, session)).run();
        return shown.toString(StandardCharsets.UTF_8).replace("\r\n", "\n");
    }

    private static LineReader reader(Terminal terminal, SqlSession session) {
        return SqlCommand.reader(terminal, session).build();
    }

    /** @param text with the cursor at {@code |}, or at its end */
    private static List<String> completions(SqlSession session, String text) {
        int cursor = text.contains("|") ? text.indexOf('|') : text.length();
        ParsedLine line = new StatementParser().parse(text.replace("|", ""), cursor, Parser.ParseContext.COMPLETE);
        List<Candidate> candidates = new ArrayList<>();
        new SqlCompleter(session).complete(null, line, candidates);
        return candidates.stream().map(Candidate::value).toList();
    }
}
