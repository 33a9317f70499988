package io.qaexchange.job.server.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ConsoleHandlerTest {

    private final Server server = new Server();
    private final HttpClient http = HttpClient.newHttpClient();
    private ServerConnector connector;

    @BeforeEach
    void start() throws Exception {
        connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(new ConsoleHandler());
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        server.stop();
    }

    @Test
    void leadsToTheConsoleAndGivesItsFilesWithAStrictPolicy() throws Exception {
        assertThat(ask("GET", "/").headers().firstValue("Location").orElseThrow()).endsWith("/console/");
        HttpResponse<byte[]> start = ask("GET", "/console/");
        assertThat(new String(start.body(), StandardCharsets.UTF_8)).startsWith("<!doctype html>");
        assertThat(start.headers().firstValue("Content-Type")).hasValue("text/html;charset=utf-8");
        assertThat(start.headers().firstValue("Content-Security-Policy").orElseThrow()).contains("default-src 'none'", "frame-ancestors 'none'").doesNotContain("unsafe", "*");
        assertThat(start.headers().firstValue("X-Content-Type-Options")).hasValue("nosniff");
    }

    @Test
    void filesAreCompressedAndNotSentAgain() throws Exception {
        HttpResponse<byte[]> plain = ask("GET", "/console/main.js");
        HttpResponse<byte[]> packed = ask("GET", "/console/main.js", "Accept-Encoding", "gzip");
        assertThat(packed.headers().firstValue("Content-Encoding")).hasValue("gzip");
        assertThat(new GZIPInputStream(new ByteArrayInputStream(packed.body())).readAllBytes()).isEqualTo(plain.body());
        String tag = packed.headers().firstValue("ETag").orElseThrow();
        assertThat(ask("GET", "/console/main.js", "If-None-Match", tag).statusCode()).isEqualTo(304);
        assertThat(ask("GET", "/console/main.js", "If-None-Match", "\"other\"").statusCode()).isEqualTo(200);
        assertThat(ask("HEAD", "/console/main.js").body()).isEmpty();
    }

    @Test
    void otherPathsAndMethodsAreLeftToOthers() throws Exception {
        for (String path : List.of("/v1/job", "/console/../ConsoleHandler.class", "/console/ConsoleHandler.class", "/console/package-info.class", "/console/lib/", "/console//etc/passwd",
                "/console/nothing.js", "/console/%2e%2e/http/openapi.json", "/console/lib/..%2fmain.js")) {
            assertThat(ask("GET", path).statusCode()).as(path).isIn(400, 404);
        }
        assertThat(ask("POST", "/console/main.js").statusCode()).isEqualTo(404);
    }

    private HttpResponse<byte[]> ask(String method, String path, String... headers) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + connector.getLocalPort() + path)).method(method, HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    }
}
