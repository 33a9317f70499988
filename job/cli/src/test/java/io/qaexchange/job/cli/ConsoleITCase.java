package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.browser.Browser;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.cli.data.KafkaDeadLetters;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.server.QueryServer;
import io.qaexchange.job.server.engine.QueryEngine;
import io.qaexchange.kafka.KafkaConnection;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The console in a real browser, beside a real job with a market that is open. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ConsoleITCase {

    private static final double RATE = 150;
    /** Patience: a page takes longer on a machine that is busy with other things. */
    private static final int SECONDS = 90;
    private static final int FIRST_FIGURES_MS = 1_000;
    private static final int MOST_LOADS = 5;
    /** Names that would run a script, were they ever taken as HTML, or break out of an attribute or a path. */
    private static final List<String> HOSTILE = List.of("<img src=x onerror=window.taken=1>", "\"><script>window.taken=1</script>", "X'; DROP TABLE trade; --", "a/b?c=d#e%41");
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    private static Path folder;
    private JobRig rig;
    private JobID job;
    private Feeder feeder;
    private QueryServer server;
    private QueryServer guarded;
    private Browser browser;
    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeAll
    void start() throws Exception {
        Path program = TestBrowser.findOrSkip(getClass());
        Path instruments = Files.writeString(folder.resolve("instruments.yaml"), Instruments.exampleYaml());
        rig = JobRig.start(folder);
        rig.set("instruments", instruments.toString()).set("min-age", "2 s").set("window", "5 s").set("checkpoint-interval", "1 s");
        // Three restarts in a row are over before a browser on a busy machine sees that a TaskManager was killed.
        job = rig.submit(2, null, "exchange-job", "exponential-delay");
        CommonTestUtils.waitForAllTaskRunning(rig.cluster(), job, false);
        feeder = new Feeder(KafkaConnection.to(rig.brokers()), "events", EventGenerator.live(5, Long.MAX_VALUE, Clock.systemUTC(), RATE, true));
        feeder.setRate(RATE);
        feeder.start();
        sendHostile();
        Path tokens = Files.writeString(folder.resolve("tokens.yaml"), "tokens:\n" + token("rita", "reader") + token("otto", "operator")
                + token("lim", "reader") + "    instruments: [\"" + HOSTILE.get(3) + "\"]\n");
        server = QueryServer.start(options(null));
        guarded = QueryServer.start(options(tokens));
        browser = Browser.start(program);
        JobRig.await(() -> LiveMetrics.sum("archivedRows") > 0);
    }

    private QueryServer.Options options(Path tokens) throws Exception {
        URI rest = rig.cluster().getRestAddress().get();
        return new QueryServer.Options("127.0.0.1", 0, rest.getHost(), rest.getPort(), null, tokens, 4, 4, new QueryEngine.Limits("512MB", 2, 60, "1GB", 0),
                new QueryServer.Doors(QueryServer.Doors.NONE, 0, QueryServer.Doors.NONE, null, Duration.ofMinutes(2)),
                new QueryServer.Steering(folder.resolve("savepoints").toUri().toString(), folder.resolve(tokens == null ? "audit.jsonl" : "audit-guarded.jsonl"),
                        new KafkaDeadLetters(KafkaConnection.to(rig.brokers()), "dead-letters")));
    }

    private static String token(String user, String role) throws Exception {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest((user + "-token").getBytes(StandardCharsets.UTF_8));
        return "  - user: " + user + "\n    role: " + role + "\n    sha256: " + HexFormat.of().formatHex(digest) + "\n";
    }

    private void sendHostile() throws Exception {
        try (var producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", rig.brokers()), new ByteArraySerializer(), new ByteArraySerializer())) {
            long now = System.currentTimeMillis() * 1_000_000;
            for (String name : HOSTILE) {
                String instrument = JSON.writeValueAsString(name);
                producer.send(new ProducerRecord<>("events", ("{\"type\":\"tick\",\"event_time\":" + now + ",\"instrument\":" + instrument
                        + ",\"source\":\"hostile\",\"sequence\":1,\"last_price\":1.5}").getBytes(StandardCharsets.UTF_8)));
                producer.send(new ProducerRecord<>("events", ("{\"type\":\"trade\",\"event_time\":" + now + ",\"instrument\":" + instrument
                        + ",\"source\":\"hostile\",\"sequence\":2,\"trade_id\":\"<b>t</b>\",\"direction\":\"BUY\",\"offset\":\"OPEN\",\"price\":1.5,\"volume\":2,\"kind\":\"NORMAL\"}")
                        .getBytes(StandardCharsets.UTF_8)));
            }
        }
    }

    @AfterAll
    void stop() throws Exception {
        if (browser != null) {
            browser.close();
            guarded.close();
            server.close();
        }
        if (feeder != null) {
            feeder.stop();
            rig.cluster().cancelJob(job).get(60, TimeUnit.SECONDS);
            rig.close();
        }
    }

    @BeforeEach
    void freshTab() throws Exception {
        browser.newTab();
        browser.resize(1440, 900);
    }

    private String root(QueryServer of) {
        return "http://127.0.0.1:" + of.port() + "/console/";
    }

    private void open(String page) throws Exception {
        browser.open(root(server) + "#/" + page);
    }

    /** The visible text of the page, without the text that is only read out. */
    private String text() throws Exception {
        return browser.evaluate("document.getElementById('main').innerText").asText();
    }

    private void awaitText(String part) throws Exception {
        browser.await("document.body?.innerText.includes(" + JSON.writeValueAsString(part) + ")", SECONDS);
    }

    private void noComplaints() {
        assertThat(browser.complaints()).as("errors, warnings and refusals of the browser").isEmpty();
    }

    private void click(String name) throws Exception {
        String find = "[...document.querySelectorAll('button')].find(b => b.textContent.trim() === " + JSON.writeValueAsString(name) + " && !b.disabled)";
        browser.await(find, SECONDS);
        browser.evaluate(find + ".click()");
    }

    @Test
    @Order(1)
    void theRootLeadsToTheConsoleWhoseFilesAreSmallAndStrict() throws Exception {
        HttpResponse<String> start = http.send(HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/")).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(start.statusCode()).isEqualTo(302);
        browser.before("new MutationObserver((all, observer) => { if (document.querySelector('.verdict strong')) { window.shownAtMs = performance.now(); observer.disconnect(); } })"
                + ".observe(document, {childList: true, subtree: true})");
        browser.open("http://127.0.0.1:" + server.port() + "/");
        awaitText("Every message is accounted for");
        JsonNode loaded = browser.evaluate("performance.getEntriesByType('resource').filter(e => e.name.includes('/console/') && !e.name.includes('/vendor/')).map(e => [e.name, e.encodedBodySize])");
        assertThat(loaded).isNotEmpty();
        long bytes = 0;
        for (String name : List.of("vendor/codemirror.js", "vendor/lightweight-charts.js")) {
            bytes += gzip(root(server) + name);
        }
        for (JsonNode file : loaded) {
            bytes += file.get(1).asLong();
        }
        assertThat(bytes).isLessThan(1 << 20);
        // The best of some loads: what it takes is meant, not what else the machine does. It is a figure, not a condition: ConsoleStatesITCase has what it waits for.
        int best = Integer.MAX_VALUE;
        for (int load = 0; load < MOST_LOADS && best >= FIRST_FIGURES_MS; load++) {
            browser.open("about:blank");
            browser.open(root(server));
            browser.await("window.shownAtMs !== undefined", SECONDS);
            best = Math.min(best, browser.evaluate("Math.round(window.shownAtMs)").asInt());
        }
        System.out.println("console: " + bytes / 1024 + " KiB compressed with both libraries; first page " + browser.evaluate("Math.round(performance.getEntriesByType('navigation')[0].loadEventEnd)")
                + " ms to load, its figures stand there after " + best + " ms; " + browser.evaluate("performance.getEntriesByType('resource').filter(e => /main.js|overview.js|v1/.test(e.name))"
                + ".map(e => e.name.split('/').slice(-2).join('/') + ' ' + Math.round(e.startTime) + ' to ' + Math.round(e.responseEnd)).join(', ')").asText());
        assertThat(browser.evaluate("fetch('/console/').then(r => r.headers.get('Content-Security-Policy'))").asText()).contains("default-src 'none'", "script-src 'self'")
                .doesNotContain("unsafe");
        noComplaints();
    }

    private long gzip(String url) throws Exception {
        HttpResponse<byte[]> answer = http.send(HttpRequest.newBuilder(URI.create(url)).header("Accept-Encoding", "gzip").build(), HttpResponse.BodyHandlers.ofByteArray());
        assertThat(answer.headers().firstValue("Content-Encoding")).hasValue("gzip");
        return answer.body().length;
    }

    /** A page asks for its documents once; from then on they are pushed, in one connection. */
    @Test
    @Order(1)
    void changesArePushed() throws Exception {
        browser.open(root(server) + "#/checkpoints");
        awaitText("New and shared");
        String asked = "performance.getEntriesByType('resource').filter(e => /v1.(status|storage)$/.test(e.name)).length";
        browser.await("document.querySelectorAll('[role=row]').length > 3", SECONDS);
        int before = browser.evaluate(asked).asInt();
        String newest = "[...document.querySelectorAll('[role=row]')].map(row => row.innerText).find(text => /COMPLETED|completed/.test(text))";
        String first = browser.evaluate(newest).asText();
        browser.await(newest + " !== " + JSON.writeValueAsString(first), SECONDS);
        String second = browser.evaluate(newest).asText();
        browser.await(newest + " !== " + JSON.writeValueAsString(second), SECONDS);
        assertThat(browser.evaluate(asked).asInt()).as("documents that were asked for while they changed twice").isLessThanOrEqualTo(before + 2);
        noComplaints();
    }

    @Test
    @Order(2)
    void overviewSaysHowTheJobFares() throws Exception {
        open("overview");
        browser.await("document.querySelector('.verdict strong')", SECONDS);
        browser.await("/[1-9][\\d,]* consumed/.test(document.getElementById('main').innerText)", SECONDS);
        assertThat(text()).contains("Hot rows", "Cold rows", "Every message is accounted for", "Event store");
        browser.await("document.querySelectorAll('.strip i').length > 1", SECONDS);
        browser.await("/[\\d.]+ [KM]iB in the engine/.test(document.getElementById('main').innerText) && /[\\d.]+ [KM]iB in \\d+ files/.test(document.getElementById('main').innerText)", SECONDS);
        noComplaints();
    }

    @Test
    @Order(3)
    void marketShowsEveryInstrumentAndTakesNoNameAsHtml() throws Exception {
        open("market");
        browser.await("document.querySelectorAll('.grid .window .row').length > 20", SECONDS);
        // A young market gets further instruments while the page is looked at.
        JobRig.await(() -> text().contains(JSON.readTree(ask(server, "/v1/latest/tick", null).body()).size() + " instruments"));
        browser.await("document.querySelectorAll('.grid svg.spark').length > 5", SECONDS);
        for (String name : HOSTILE) {
            browser.evaluate("(() => { const i = document.querySelector('input[type=search]'); i.value = " + JSON.writeValueAsString(name) + "; i.dispatchEvent(new Event('input')); })()");
            browser.await("document.querySelector('.grid .window .row a.id')?.textContent === " + JSON.writeValueAsString(name), SECONDS);
            String link = browser.evaluate("document.querySelector('.grid .window .row a.id').getAttribute('href')").asText();
            browser.evaluate("document.querySelector('.grid .window .row a.id').click()");
            browser.await("document.querySelector('#title')?.innerText.includes(" + JSON.writeValueAsString(name) + ") && document.querySelector('.tape tbody tr')", SECONDS);
            assertThat(link).startsWith("#/market/");
            open("market");
            browser.await("document.querySelectorAll('.grid .window .row').length > 20", SECONDS);
        }
        assertThat(browser.evaluate("window.taken ?? 0").asInt()).as("a name ran as a script").isZero();
        assertThat(browser.evaluate("document.querySelectorAll('#main img, #main script').length").asInt()).isZero();
        noComplaints();
    }

    @Test
    @Order(4)
    void anInstrumentHasCandlesBookAndTradesAsTheyCome() throws Exception {
        String busiest = JSON.readTree(ask(server, "/v1/instruments?busiest=1", null).body()).get("instruments").get(0).get("instrument").asText();
        open("market/" + busiest);
        browser.await("document.querySelector('.chart canvas') && document.querySelector('.chart .legend span')", SECONDS);
        browser.await("document.querySelectorAll('.ladder .ask').length > 2 && document.querySelectorAll('.ladder .bid').length > 2", SECONDS);
        JsonNode best = browser.evaluate("[...document.querySelectorAll('.ladder .p')].map(e => Number(e.textContent.replaceAll(',', '')))");
        for (int i = 1; i < best.size(); i++) {
            assertThat(best.get(i).asDouble()).as("prices fall from the highest ask to the lowest bid: " + best).isLessThan(best.get(i - 1).asDouble());
        }
        String newest = browser.evaluate("document.querySelector('.tape tbody tr').textContent").asText();
        browser.await("document.querySelector('.tape tbody tr').textContent !== " + JSON.writeValueAsString(newest), SECONDS);
        click("Orders");
        browser.await("document.querySelectorAll('.orders tbody tr').length > 5 && /filled|accepted|cancelled|rejected/.test(document.querySelector('.orders tbody').innerText)", SECONDS);
        click("Trades");
        for (String interval : List.of("1s", "1m", "1d")) {
            click(interval);
            browser.await("document.querySelector('.chart .legend span') && !document.querySelector('.chart .state')", SECONDS);
        }
        noComplaints();
    }

    @Test
    @Order(5)
    void sqlRunsShowsPlotsExplainsAndCancels() throws Exception {
        open("sql");
        browser.await("document.querySelectorAll('.tables summary').length > 10", SECONDS);
        type("SELECT instrument, count(*) AS n FROM trade GROUP BY 1 ORDER BY n DESC");
        click("Run");
        browser.await("document.querySelectorAll('.result .grid .window .row').length > 3 && document.querySelector('.foot').innerText.includes('level live')", SECONDS);
        click("Chart");
        browser.await("document.querySelectorAll('svg.plot rect').length > 3", SECONDS);
        thePlanSaysWhatIsReadAndWhatIsNot();
        click("Table");
        type("SELECT range AS n, 'row ' || range AS name FROM range(1000000)");
        click("Run");
        browser.await("document.querySelector('.foot').innerText.includes('1,000,000 rows') && document.querySelector('.foot').innerText.includes('level') && document.querySelector('.result .grid')", SECONDS);
        assertThat(browser.evaluate("document.querySelectorAll('.result .grid .row').length").asInt()).as("rows in the document").isLessThan(100);
        browser.evaluate("(() => { const g = document.querySelector('.result .grid'); g.scrollTop = g.scrollHeight; })()");
        awaitText("row 999999");
        type("SELECT '<b onclick=alert(1)>' AS \"<i>x</i>\"");
        click("Run");
        awaitText("<b onclick=alert(1)>");
        assertThat(browser.evaluate("document.querySelectorAll('.result b, .result i').length").asInt()).isZero();
        type("SELECT * FROM trad");
        click("Run");
        awaitText("This did not work");
        awaitText("trad");
        type("SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 3");
        click("Run");
        browser.await("fetch('/v1/queries').then(r => r.json()).then(q => q.length === 1)", SECONDS);
        click("Cancel");
        awaitText("The query was cancelled.");
        browser.await("fetch('/v1/queries').then(r => r.json()).then(q => q.length === 0)", SECONDS);
        click("History");
        browser.await("document.querySelectorAll('.history button').length >= 2", SECONDS);
        noComplaints();
        open("queries");
        awaitText("the query was cancelled by local");
    }

    private void thePlanSaysWhatIsReadAndWhatIsNot() throws Exception {
        String busiest = JSON.readTree(ask(server, "/v1/instruments?busiest=1", null).body()).get("instruments").get(0).get("instrument").asText();
        type("SELECT instrument, price FROM trade WHERE instrument = '" + busiest + "' AND event_time > '2020-01-01'");
        click("Explain");
        awaitText("Conditions pushed down");
        assertThat(text()).contains("event_time, event_time_us, instrument, price", "instrument " + busiest + "; event time from ", "hot rows, from the engine", "DuckDB's plan of what is left")
                .containsPattern("\\d+ of \\d+ Parquet files are read");
        browser.evaluate("document.querySelector('.tableplan summary').click()");
        browser.await("[...document.querySelectorAll('.tableplan .pill')].some(p => p.textContent === 'read')", SECONDS);
        type("SELECT count(*) FROM trade WHERE date = DATE '1999-01-01'");
        click("Explain");
        awaitText("another trading day");
        assertThat(text()).contains("trading day 1999-01-01", "0 of ");
    }

    private void type(String sql) throws Exception {
        browser.evaluate("(() => { const v = document.querySelector('.editor > div').shadowRoot.querySelector('.cm-content'); v.focus(); "
                + "getSelection().selectAllChildren(v); })()");
        browser.call("Input.dispatchKeyEvent", Map.of("type", "keyDown", "key", "a", "code", "KeyA", "windowsVirtualKeyCode", 65, "modifiers", 2, "commands", List.of("selectAll")));
        // Typed over a selection, Chromium gives the text the style that it had, inline, and the policy refuses that.
        browser.call("Input.dispatchKeyEvent", Map.of("type", "keyDown", "key", "Backspace", "code", "Backspace", "windowsVirtualKeyCode", 8, "commands", List.of("deleteBackward")));
        browser.call("Input.insertText", Map.of("text", sql));
        browser.await("document.querySelector('.editor > div').shadowRoot.querySelector('.cm-content').innerText.replaceAll('\\n', '').replaceAll('\\u00a0', ' ').includes("
                + JSON.writeValueAsString(sql.substring(0, Math.min(30, sql.length()))) + ")", SECONDS);
    }

    @Test
    @Order(6)
    void theOtherPagesShowTheJob() throws Exception {
        open("ledger");
        awaitText("The accounts add up to the last millionth");
        browser.await("document.querySelectorAll('.grid .window .row').length > 10", SECONDS);
        for (String list : List.of("Positions", "Open orders")) {
            click(list);
            browser.await("document.querySelector('[role=table][aria-label=" + JSON.writeValueAsString(list) + "] .window .row')", SECONDS);
        }
        click("Alerts");
        browser.await("document.querySelector('[role=table][aria-label=Alerts] .window .pill') || document.getElementById('main').innerText.includes('there is no alert')", SECONDS);
        click("Differences");
        browser.await("document.querySelector('[role=table][aria-label=Differences] .window .row') || document.getElementById('main').innerText.includes('as reported')", SECONDS);
        click("Accounts");
        browser.await("document.querySelectorAll('[role=table][aria-label=Accounts] .window .row').length > 10", SECONDS);
        browser.evaluate("document.querySelectorAll('.grid .window .row')[12].click()");
        browser.await("location.hash.startsWith('#/ledger/') && document.querySelectorAll('#main h2').length > 1", SECONDS);
        awaitText("Open orders");
        open("storage");
        awaitText("Subtask 1");
        browser.await("document.querySelectorAll('.heat td.has').length > 0", SECONDS);
        browser.await("document.querySelectorAll('.charts-3 svg.plot').length >= 2", SECONDS);
        assertThat(text()).contains("What would be compacted next, and why");
        click("Dry run");
        awaitText("would leave the archive");
        assertThat(text()).contains("bin/archive retain --delete-after 30");
        open("checkpoints");
        awaitText("Branches");
        browser.await("[...document.querySelectorAll('.pill')].some(p => p.textContent === 'current')", SECONDS);
        browser.await("document.querySelectorAll('.grid .window .row').length > 1", SECONDS);
        click("Take a checkpoint");
        browser.await("document.querySelector('.operation .pill.good')", SECONDS);
        noComplaints();
        assertThat(Files.readString(folder.resolve("audit.jsonl"))).contains("POST /admin/checkpoint", "\"user\":\"local\"");
    }

    @Test
    @Order(7)
    void aDeadLetterIsDecodedRepairedAndSentAgain() throws Exception {
        String broken = "{\"type\":\"tick\",\"event_time\":" + System.currentTimeMillis() * 1_000_000 + ",\"instrument\":\"REPAIRED\",\"source\":\"hand\",\"sequence\":1,\"last_price\":\"dear\"}";
        try (var producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", rig.brokers()), new ByteArraySerializer(), new ByteArraySerializer())) {
            producer.send(new ProducerRecord<>("events", broken.getBytes(StandardCharsets.UTF_8))).get();
        }
        JobRig.await(() -> ask(server, "/v1/dead-letters?limit=1000", null).body().contains("REPAIRED"));
        open("dead-letters");
        String row = "[...document.querySelectorAll('[role=table][aria-label=Letters] .window .row')].find(r => r.textContent.includes('REPAIRED'))";
        browser.await(row, SECONDS);
        browser.evaluate(row + ".click()");
        browser.await("document.querySelector('dialog[open] pre')?.innerText.includes('\"last_price\" : \"dear\"')", SECONDS);
        assertThat(browser.evaluate("document.querySelector('dialog[open]').innerText").asText()).contains("JSON, but no event", "last_price");
        sendAgain(broken.replace("\"source\"", "\"color\":\"<b>\",\"source\""));
        browser.await("[...document.querySelectorAll('dialog[open]')].at(-1).innerText.includes('The job would refuse the repaired message too')", SECONDS);
        clickIn("No");
        sendAgain(broken.replace("\"dear\"", "7.5"));
        browser.await("[...document.querySelectorAll('dialog[open]')].at(-1).innerText.includes('Would be sent again: 1.')", SECONDS);
        clickIn("Send again");
        browser.await("/Sent again\\s*\\d{4}-/.test(document.querySelector('dialog.wide[open]').innerText)", SECONDS);
        JobRig.await(() -> JSON.readTree(ask(server, "/v1/rows/tick?instrument=REPAIRED", null).body()).size() == 1);
        clickIn("Close");
        browser.await(row + "?.querySelector('.pill.good')", SECONDS);
        assertThat(Files.readString(folder.resolve("audit.jsonl"))).contains("POST /admin/dead-letters/resend?position=events-");
        noComplaints();
    }

    /** Writes a message into the open letter and asks for it to be sent: a dry run comes first. */
    private void sendAgain(String message) throws Exception {
        browser.evaluate("(() => { const d = document.querySelector('dialog.wide[open]'); d.querySelector('textarea').value = " + JSON.writeValueAsString(message)
                + "; [...d.querySelectorAll('button')].find(b => b.textContent === 'Send again' && b.checkVisibility()).click(); })()");
    }

    /** A button of the dialog on top. */
    private void clickIn(String name) throws Exception {
        String find = "[...[...document.querySelectorAll('dialog[open]')].at(-1).querySelectorAll('button')].find(b => b.textContent === " + JSON.writeValueAsString(name) + " && !b.disabled && b.checkVisibility())";
        browser.await(find, SECONDS);
        browser.evaluate(find + ".click()");
    }

    @Test
    @Order(8)
    void aCompactionIsStartedAndItsEndIsSeen() throws Exception {
        open("storage");
        click("Compact everything");
        browser.await("document.querySelector('dialog[open] .preview')?.innerText.includes('would be read')", SECONDS);
        clickIn("Compact everything");
        browser.await("document.querySelectorAll('.store .pill.good').length === 2", SECONDS);
        awaitText("compaction done");
        click("Merge small Parquet files");
        browser.await("/would become|Nothing is to be merged/.test(document.querySelector('dialog[open] .preview')?.innerText)", SECONDS);
        clickIn("No");
        noComplaints();
    }

    @Test
    @Order(9)
    void readersLogInAndMayLookOnly() throws Exception {
        browser.open(root(guarded) + "#/checkpoints");
        browser.await("document.querySelector('#token')", SECONDS);
        login("wrong-token");
        awaitText("This token is not known, or has expired.");
        login("rita-token");
        awaitText("your role, reader, may look only");
        assertThat(browser.evaluate("[...document.querySelectorAll('.panel button')].filter(b => /Take a/.test(b.textContent)).every(b => b.disabled)").asBoolean()).isTrue();
        assertThat(browser.evaluate("Object.keys(localStorage).some(k => localStorage[k].includes('rita-token'))").asBoolean()).as("the token is kept in this tab only").isFalse();
        HttpResponse<String> refused = ask(guarded, "POST", "/admin/savepoint", "rita-token");
        assertThat(refused.statusCode()).isEqualTo(403);
        assertThat(Files.readString(folder.resolve("audit-guarded.jsonl"))).contains("POST /admin/savepoint", "\"user\":\"rita\"", "403").doesNotContain("rita-token");
        assertThat(ask(guarded, "/admin/storage/stats", "rita-token").statusCode()).isEqualTo(403);
        assertThat(ask(guarded, "/admin/audit", "otto-token").statusCode()).isEqualTo(403);
        assertThat(ask(guarded, "/admin/storage/stats", "otto-token").statusCode()).isEqualTo(200);
        JsonNode savepoint = JSON.readTree(ask(guarded, "POST", "/admin/savepoint?wait=30", "otto-token").body());
        assertThat(savepoint.get("state").asText()).as(savepoint.toString()).isEqualTo("DONE");
        assertThat(Path.of(URI.create(savepoint.get("result").asText()))).isDirectory();
        click("Log out");
        browser.await("document.querySelector('#token')", SECONDS);
    }

    /** A user who may see one instrument: pages of the whole job say so, the others show his rows and nothing else. */
    @Test
    @Order(10)
    void whoMaySeeOneInstrumentSeesThatAndIsToldAboutTheRest() throws Exception {
        String own = HOSTILE.get(3);
        JobRig.await(() -> ask(guarded, "/v1/instruments", "lim-token").body().contains(own));
        browser.open(root(guarded) + "#/market");
        browser.await("document.querySelector('#token')", SECONDS);
        login("lim-token");
        awaitText("1 instrument");
        assertThat(browser.evaluate("[...document.querySelectorAll('.grid .window .row a.id')].map(a => a.textContent).join()").asText()).isEqualTo(own);
        browser.evaluate("document.querySelector('.grid .window .row a.id').click()");
        browser.await("document.querySelector('.tape tbody tr')", SECONDS);
        for (String page : List.of("overview", "storage", "checkpoints", "dead-letters")) {
            browser.evaluate("location.hash = '#/" + page + "'");
            browser.await("document.querySelector('.page-" + page + " .state.forbidden') && !document.querySelector('#main .loading')", SECONDS);
            assertThat(text()).as(page).contains("You may not see this", "user lim may see some instruments or accounts only", "ask an operator of the server");
        }
        browser.evaluate("location.hash = '#/ledger'");
        browser.await("document.querySelector('.page-ledger .state.forbidden')", SECONDS);
        browser.evaluate("location.hash = '#/queries'");
        browser.await("document.querySelector('.page-queries') && !document.querySelector('.page-queries .state.forbidden, .page-queries .loading')", SECONDS);
        assertThat(text()).as("queries of others").doesNotContain("rita", "otto");
        browser.evaluate("location.hash = '#/sql'");
        browser.await("document.querySelectorAll('.tables summary').length > 10", SECONDS);
        type("SELECT DISTINCT instrument FROM tick");
        click("Run");
        browser.await("document.querySelector('.result .grid .window .row')?.textContent === " + JSON.writeValueAsString(own), SECONDS);
        assertThat(browser.evaluate("document.querySelectorAll('.result .grid .window .row').length").asInt()).isEqualTo(1);
        click("Log out");
        browser.await("document.querySelector('#token')", SECONDS);
    }

    private void login(String token) throws Exception {
        browser.evaluate("(() => { const t = document.querySelector('#token'); t.value = " + JSON.writeValueAsString(token) + "; t.form.requestSubmit(); })()");
    }

    @Test
    @Order(11)
    void axeFindsNothingSeriousInEitherTheme() throws Exception {
        String axe;
        try (InputStream in = Thread.currentThread().getContextClassLoader().getResourceAsStream("axe.min.js")) {
            axe = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        String busiest = JSON.readTree(ask(server, "/v1/instruments?busiest=1", null).body()).get("instruments").get(0).get("instrument").asText();
        List<String> found = new ArrayList<>();
        // The themes differ in their colours only.
        for (String theme : List.of("light", "dark")) {
            String rules = theme.equals("light") ? "" : ", runOnly: ['color-contrast']";
            browser.newTab();
            browser.resize(1440, 900);
            browser.before("localStorage.setItem('qaexchange.preferences', JSON.stringify({theme: '" + theme + "', language: 'en', zone: 'utc', level: 'live'}))");
            browser.open(root(server) + "#/overview");
            awaitText("Every message is accounted for");
            browser.evaluate(axe + "; 0");
            for (String page : List.of("overview", "market", "market/" + busiest, "sql", "queries", "ledger", "storage", "checkpoints", "dead-letters")) {
                browser.evaluate("location.hash = '#/" + page + "'");
                browser.await("location.hash === '#/" + page + "' && document.querySelector('#main > *') && !document.querySelector('#main .loading')", SECONDS);
                JsonNode violations = JSON.readTree(browser.evaluate("axe.run(document, {resultTypes: ['violations']" + rules + "}).then(r => JSON.stringify(r.violations.filter(v => ['serious', 'critical'].includes(v.impact))"
                        + ".map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).join(' | '))))").asText());
                violations.forEach(one -> found.add(theme + " " + page + ": " + one.asText()));
            }
        }
        assertThat(found).isEmpty();
    }

    @Test
    @Order(12)
    void chineseAndZonesAreSwitchedAndKept() throws Exception {
        open("overview");
        awaitText("Every message is accounted for");
        browser.evaluate("(() => { const s = document.querySelector('select[aria-label=Language]'); s.value = 'zh'; s.dispatchEvent(new Event('change')); })()");
        awaitText("每条消息都有着落");
        browser.evaluate("(() => { const s = document.querySelector('select[aria-label=时区]'); s.value = 'utc'; s.dispatchEvent(new Event('change')); })()");
        browser.await("document.querySelector('.clock').textContent.endsWith('UTC')", SECONDS);
        browser.reload();
        awaitText("每条消息都有着落");
        noComplaints();
    }

    @Test
    @Order(13)
    void aChartSurvivesAKilledTaskManager() throws Exception {
        String busiest = JSON.readTree(ask(server, "/v1/instruments?busiest=1", null).body()).get("instruments").get(0).get("instrument").asText();
        open("market/" + busiest);
        browser.await("document.querySelector('.chart .legend span') && document.querySelector('.tape tbody tr')", SECONDS);
        rig.cluster().terminateTaskManager(0).get(60, TimeUnit.SECONDS);
        browser.await("document.querySelector('.is-stale')", SECONDS);
        assertThat(browser.evaluate("document.querySelectorAll('.tape tbody tr').length").asInt()).as("what was there stays").isPositive();
        rig.cluster().startTaskManager();
        browser.await("!document.querySelector('.is-stale')", 90);
        String newest = browser.evaluate("document.querySelector('.tape tbody tr').textContent").asText();
        browser.await("document.querySelector('.tape tbody tr').textContent !== " + JSON.writeValueAsString(newest), 60);
    }

    @Test
    @Order(14)
    void aServerThatIsGoneIsSaidSo() throws Exception {
        QueryServer leaving = QueryServer.start(options(null));
        browser.open(root(leaving) + "#/overview");
        awaitText("consumed");
        browser.await("performance.getEntriesByType('resource').some(e => e.name.endsWith('/pages/dead-letters.js'))", SECONDS);
        leaving.close();
        browser.await("document.querySelector('.stale')?.innerText.includes('the server does not answer')", SECONDS);
        browser.evaluate("location.hash = '#/storage'");
        awaitText("The server does not answer");
    }

    private HttpResponse<String> ask(QueryServer of, String path, String token) throws IOException, InterruptedException {
        return ask(of, "GET", path, token);
    }

    private HttpResponse<String> ask(QueryServer of, String method, String path, String token) throws IOException, InterruptedException {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + of.port() + path.replace(" ", URLEncoder.encode(" ", StandardCharsets.UTF_8))))
                .method(method, HttpRequest.BodyPublishers.noBody());
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
