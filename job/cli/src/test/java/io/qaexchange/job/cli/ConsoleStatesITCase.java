package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.cli.browser.Browser;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** States that a real job shows seldom: each of every page, a thousand instruments, hostile names everywhere; zoom, keyboard, languages, time zones. */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsoleStatesITCase {

    /** Pages that fetch, with what they say when there is nothing yet. */
    private static final Map<String, String> EMPTY = pages();
    private static final List<String> PAGES = List.of("overview", "market", "sql", "queries", "ledger", "storage", "checkpoints", "dead-letters");
    private static final String HOSTILE = "\"><img src=x onerror=window.taken=1><script>window.taken=1</script>'; DROP TABLE trade; -- a/b?c=d#e%41";
    private static final int INSTRUMENTS = 1_000;
    private static final int SECONDS = 30;
    private static final ObjectMapper JSON = new ObjectMapper();

    private FakeServer server;
    private Browser browser;

    private static Map<String, String> pages() {
        Map<String, String> pages = new LinkedHashMap<>();
        pages.put("overview", "No checkpoint yet");
        pages.put("market", "No instrument has a price yet");
        pages.put("queries", "No query has ended since this server began");
        pages.put("ledger", "The ledger has no account yet");
        pages.put("storage", "Nothing is archived yet");
        pages.put("checkpoints", "No checkpoint yet");
        pages.put("dead-letters", "There is no dead letter");
        return pages;
    }

    @BeforeAll
    void start() throws Exception {
        Path program = TestBrowser.findOrSkip(getClass());
        server = FakeServer.start();
        browser = Browser.start(program);
    }

    @AfterAll
    void stop() throws Exception {
        if (browser != null) {
            browser.close();
            server.close();
        }
    }

    @BeforeEach
    void freshTab() throws Exception {
        server.release();
        server.setMood(FakeServer.Mood.WELL);
        server.setRole("operator");
        server.empty();
        tab("light", "en", "utc");
    }

    private void tab(String theme, String language, String zone) throws Exception {
        browser.newTab();
        browser.resize(1440, 900);
        browser.before("localStorage.setItem('qaexchange.preferences', JSON.stringify({theme: '" + theme + "', language: '" + language + "', zone: '" + zone + "', level: 'live'}))");
    }

    private void open(String page) throws Exception {
        browser.open(server.root() + "#/" + page);
    }

    /** Goes to another page without loading the console again, as a user does. */
    private void go(String page) throws Exception {
        browser.evaluate("location.hash = '#/" + page + "'");
        browser.await("document.querySelector('.links a[aria-current]')?.dataset.path === '" + page.split("/")[0] + "'", SECONDS);
    }

    private void awaitText(String part) throws Exception {
        browser.await("document.querySelector('#main')?.innerText.includes(" + quoted(part) + ")", SECONDS);
    }

    private String text() throws Exception {
        return browser.evaluate("document.getElementById('main').innerText").asText();
    }

    private static String quoted(String text) throws Exception {
        return JSON.writeValueAsString(text);
    }

    private void settle() throws Exception {
        browser.await("document.querySelector('#main > *') && !document.querySelector('#main .loading')", SECONDS);
    }

    @Test
    void everyPageSaysThatNothingIsThereYet() throws Exception {
        open("overview");
        for (Map.Entry<String, String> page : EMPTY.entrySet()) {
            go(page.getKey());
            awaitText(page.getValue());
            settle();
        }
        go("sql");
        awaitText("No result yet");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void theFirstFiguresWaitForTheStatusOnly() throws Exception {
        server.full("SHFE.rb2601");
        CountDownLatch storage = new CountDownLatch(1);
        server.put("/v1/storage", () -> {
            try {
                return storage.await(SECONDS, TimeUnit.SECONDS) ? FakeServer.fullStorage("SHFE.rb2601") : "nobody let it go";
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        server.hold();
        open("overview");
        // The page is fetched while the server is asked; nothing has answered but who the user is.
        browser.await("performance.getEntriesByType('resource').some(e => e.name.endsWith('/pages/overview.js'))", SECONDS);
        server.release();
        awaitText("1,000 consumed");
        assertThat(text()).contains("– in the engine");
        storage.countDown();
        awaitText("2.9 KiB in");
        assertThat(text()).contains("3.0 KiB in the engine");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void everyPageSaysThatItLoadsAndThenWhatFailed() throws Exception {
        for (FakeServer.Mood mood : List.of(FakeServer.Mood.ERROR, FakeServer.Mood.FORBIDDEN, FakeServer.Mood.NOT_RUNNING)) {
            String title = switch (mood) {
                case FORBIDDEN -> "You may not see this";
                case NOT_RUNNING -> "The job cannot be read now";
                default -> "This did not work";
            };
            tab("light", "en", "utc");
            open("");
            server.setMood(mood);
            browser.await("document.querySelector('.links a[aria-current]')", SECONDS);
            for (String page : PAGES) {
                go(page.equals("overview") ? "sql" : "overview");
                server.hold();
                go(page);
                browser.await("document.querySelector('#main .state.loading')", SECONDS);
                server.release();
                browser.await("document.querySelector('#main .state." + (mood == FakeServer.Mood.FORBIDDEN ? "forbidden" : "error") + "')", SECONDS);
                assertThat(text()).as(page).contains(title).contains(mood.detail());
            }
        }
    }

    @Test
    void whatWasShownStaysAndIsMarkedWhenItGetsOld() throws Exception {
        server.full("SHFE.rb2601");
        for (String page : EMPTY.keySet()) {
            server.setMood(FakeServer.Mood.WELL);
            tab("light", "en", "utc");
            // Answers are asked for more often than by users' consoles.
            browser.before("{ const real = window.setTimeout; window.setTimeout = (work, ms, ...more) => real(work, Math.min(ms, 200), ...more); }");
            open(page);
            settle();
            String shown = browser.evaluate("document.querySelectorAll('#main *').length").asText();
            server.setMood(FakeServer.Mood.ERROR);
            browser.await("document.querySelector('#main .stale[role=status]:not([hidden])')?.innerText.includes(" + quoted(FakeServer.Mood.ERROR.detail()) + ")", SECONDS);
            assertThat(browser.evaluate("document.querySelectorAll('#main *').length").asInt()).as("%s: what was there stays", page).isGreaterThanOrEqualTo(Integer.parseInt(shown) / 2);
            assertThat(browser.evaluate("document.querySelectorAll('#main .body').length").asInt()).isPositive();
            server.setMood(FakeServer.Mood.WELL);
        }
    }

    @Test
    void aThousandInstrumentsScroll() throws Exception {
        AtomicInteger asked = new AtomicInteger();
        server.put("/v1/latest/tick", () -> ticks(asked.incrementAndGet()));
        open("market");
        awaitText("1,000 instruments");
        browser.await("document.querySelectorAll('.grid .window .row').length > 20", SECONDS);
        JsonNode frames = browser.evaluate("new Promise(done => { const g = document.querySelector('.grid'); const times = []; let last = performance.now(); let most = 0; const step = () => { const now = performance.now();"
                + " times.push(now - last); last = now; most = Math.max(most, g.querySelectorAll('.row').length); g.scrollTop += 280; if (g.scrollTop + g.clientHeight >= g.scrollHeight - 1) {"
                + " times.sort((a, b) => a - b); done({frames: times.length, median: times[times.length >> 1], p95: times[Math.floor(times.length * .95)], longest: times[times.length - 1], most}); }"
                + " else requestAnimationFrame(step); }; requestAnimationFrame(step); })");
        System.out.println("console: 1,000 instruments scrolled to their end in " + frames.get("frames") + " frames, median " + frames.get("median") + " ms, p95 " + frames.get("p95") + " ms, longest "
                + frames.get("longest") + " ms");
        assertThat(frames.get("frames").asInt()).isGreaterThan(50);
        assertThat(frames.get("most").asInt()).as("rows in the document").isLessThan(80);
        assertThat(browser.evaluate("[...document.querySelectorAll('.grid .window .row')].at(-1).getAttribute('aria-rowindex')").asInt()).isEqualTo(INSTRUMENTS + 1);
        int before = asked.get();
        browser.await("document.querySelector('.grid').scrollTop > 20000", SECONDS);
        JobRig.await(() -> asked.get() > before + 1);
        assertThat(browser.evaluate("document.querySelector('.grid').scrollTop").asInt()).as("new prices leave the reader where he is").isGreaterThan(20_000);
        browser.evaluate("(() => { const i = document.querySelector('input[type=search]'); i.value = 'I0999'; i.dispatchEvent(new Event('input')); })()");
        awaitText("1 of 1,000 instruments");
        assertThat(browser.complaints()).isEmpty();
    }

    private static String ticks(int round) {
        StringBuilder ticks = new StringBuilder("[");
        for (int i = 0; i < INSTRUMENTS; i++) {
            ticks.append(i == 0 ? "" : ",").append("{\"instrument\":\"X.I").append(String.format("%04d", i)).append("\",\"event_time\":").append(System.currentTimeMillis()).append("000000,\"last_price\":")
                    .append(100 + (i + round) % 50).append(",\"bid_price\":100,\"ask_price\":151}");
        }
        return ticks.append(']').toString();
    }

    @Test
    void hostileNamesAreTextInEveryPlace() throws Exception {
        server.full(HOSTILE);
        server.put("/v1/dead-letters/" + HOSTILE.replace("%41", "A"), () -> "{}");
        open("overview");
        for (String page : EMPTY.keySet()) {
            go(page);
            browser.await("document.querySelector('#main').textContent.includes(" + quoted("<script>window.taken=1</script>") + ")", SECONDS);
        }
        go("ledger");
        for (String list : List.of("Positions", "Open orders", "Alerts", "Differences")) {
            click(list);
            browser.await("document.querySelector('.grid .window .row')?.textContent.includes(" + quoted(HOSTILE) + ")", SECONDS);
        }
        assertThat(browser.evaluate("window.taken ?? 0").asInt()).as("a name ran as a script").isZero();
        assertThat(browser.evaluate("document.querySelectorAll('#main img, #main script').length").asInt()).isZero();
        assertThat(browser.complaints()).isEmpty();
    }

    private void click(String name) throws Exception {
        String find = "[...document.querySelectorAll('button')].find(b => b.textContent.trim() === " + quoted(name) + " && !b.disabled)";
        browser.await(find, SECONDS);
        browser.evaluate(find + ".click()");
    }

    @Test
    void atTwiceTheSizeNothingIsLostAndThePageDoesNotScrollSideways() throws Exception {
        server.full("SHFE.rb2601");
        String visible = "[...document.querySelectorAll('#main h2, #main h3, #main dt, #main dd, #main button, #main th')].filter(e => e.checkVisibility()).map(e => e.textContent.trim()).filter(x => x).length";
        for (String page : PAGES) {
            tab("light", "en", "utc");
            browser.resize(1280, 900);
            open(page);
            settle();
            browser.await(visible + " > 3", SECONDS);
            int wide = browser.evaluate(visible).asInt();
            assertThat(browser.evaluate("document.scrollingElement.scrollHeight - innerHeight").asInt()).as("%s: beside its main part the page scrolls too", page).isLessThanOrEqualTo(0);
            // A browser at 200 % has half as many CSS pixels.
            browser.resize(640, 450);
            JsonNode size = browser.evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(() => r([document.documentElement.scrollWidth, document.getElementById('main').scrollWidth - document.getElementById('main').clientWidth]))))");
            assertThat(size.get(0).asInt()).as("%s: width of the page", page).isLessThanOrEqualTo(640);
            assertThat(size.get(1).asInt()).as("%s: what sticks out of the main part", page).isLessThanOrEqualTo(0);
            assertThat(browser.evaluate(visible).asInt()).as("%s: texts that can be seen", page).isGreaterThanOrEqualTo(wide);
            assertThat(browser.evaluate("[...document.querySelectorAll('nav.side a, header.top select, header.top button')].filter(e => { const r = e.getBoundingClientRect(); return r.width > 0 && (r.left < 0 || r.right > 641); }).length").asInt())
                    .as("%s: controls outside", page).isZero();
        }
    }

    @Test
    void theKeyboardReachesEverything() throws Exception {
        server.full("SHFE.rb2601");
        server.put("/v1/latest/tick", () -> ticks(1));
        open("overview");
        settle();
        press("Tab", 9);
        assertThat(browser.evaluate("document.activeElement.className").asText()).as("first comes the link to the content").isEqualTo("skip");
        press("Enter", 13);
        browser.await("document.activeElement.id === 'main'", SECONDS);
        go("market");
        browser.await("document.querySelectorAll('.grid .window .row').length > 20", SECONDS);
        browser.evaluate("document.querySelector('.grid').focus()");
        press("End", 35);
        browser.await("document.querySelector('.grid .row.focused')?.getAttribute('aria-rowindex') === '" + (INSTRUMENTS + 1) + "'", SECONDS);
        press("Home", 36);
        press("ArrowDown", 40);
        browser.await("document.querySelector('.grid .row.focused')?.getAttribute('aria-rowindex') === '3'", SECONDS);
        String second = browser.evaluate("document.querySelector('.grid .row.focused a.id').textContent").asText();
        press("Enter", 13);
        browser.await("location.hash === " + quoted("#/market/" + second), SECONDS);
        go("storage");
        settle();
        server.put("POST /admin/compaction/trigger", () -> "{\"dryRun\": true, \"files\": 2, \"bytes\": 3100, \"subtasks\": []}");
        browser.evaluate("[...document.querySelectorAll('button')].find(b => b.textContent === 'Compact everything').focus()");
        press("Enter", 13);
        browser.await("document.querySelector('dialog[open]') && document.querySelector('dialog[open]').contains(document.activeElement)", SECONDS);
        press("Escape", 27);
        browser.await("!document.querySelector('dialog[open]') && document.activeElement.textContent === 'Compact everything'", SECONDS);
        // No control that can be seen is out of the keyboard's reach.
        for (String page : PAGES) {
            go(page);
            settle();
            assertThat(browser.evaluate("[...document.querySelectorAll('#app a[href], #app button:not(:disabled), #app select, #app input, #app summary')].filter(e => e.checkVisibility() && e.tabIndex < 0 && !e.closest('.grid'))"
                    + ".map(e => e.outerHTML.slice(0, 90))").toString()).as(page).isEqualTo("[]");
        }
    }

    private void press(String key, int code) throws Exception {
        for (String type : List.of("rawKeyDown", "char", "keyUp")) {
            if (!type.equals("char") || key.equals("Enter")) {
                Map<String, Object> event = new LinkedHashMap<>(Map.of("type", type, "key", key, "code", key, "windowsVirtualKeyCode", code));
                if (type.equals("char")) {
                    event.put("text", "\r");
                }
                browser.call("Input.dispatchKeyEvent", event);
            }
        }
    }

    @Test
    void timesFollowTheChosenZone() throws Exception {
        server.full("SHFE.rb2601");
        for (Map.Entry<String, String> zone : Map.of("utc", "2026-01-05 01:30:00", "exchange", "2026-01-05 09:30:00", "local", "2026-01-04 20:30:00").entrySet()) {
            tab("light", "en", zone.getKey());
            browser.call("Emulation.setTimezoneOverride", Map.of("timezoneId", "America/New_York"));
            open("queries");
            awaitText(zone.getValue());
            go("dead-letters");
            awaitText(zone.getValue());
        }
    }

    @Test
    void everyTextOfEveryPageIsChinese() throws Exception {
        server.full("SHFE.rb2601");
        tab("light", "zh", "utc");
        open("overview");
        List<String> english = new ArrayList<>();
        for (String page : PAGES) {
            go(page);
            settle();
            browser.await("document.querySelectorAll('#main h2, #main button').length > 0", SECONDS);
            browser.evaluate("new Promise(r => setTimeout(r, 100))");
            JsonNode texts = browser.evaluate("[...document.querySelectorAll('#app h1, #app h2, #app h3, #app dt, #app th, #app label, #app button, #app summary, #app [role=columnheader], #app .note, #app .empty')]"
                    + ".filter(e => !e.closest('.tables') && !e.closest('.heat') && !e.classList.contains('mono')).map(e => e.textContent.trim())");
            for (JsonNode one : texts) {
                // Names, numbers and abbreviations stay as they are.
                if (one.asText().matches(".*[A-Za-z]{3,}.*") && !one.asText().matches("(?s).*\\p{IsHan}.*")
                        && !List.of("SQL", "csv", "json", "parquet", "arrow", "events", "tick", "SHFE.rb2601", "s3://cold-SHFE.rb2601", "not an event").contains(one.asText())) {
                    english.add(page + ": " + one.asText());
                }
            }
        }
        assertThat(english).isEmpty();
    }

    @Test
    void axeFindsNothingSeriousInAnyState() throws Exception {
        String axe;
        try (InputStream in = Thread.currentThread().getContextClassLoader().getResourceAsStream("axe.min.js")) {
            axe = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        server.full("SHFE.rb2601");
        List<String> found = new ArrayList<>();
        for (FakeServer.Mood mood : List.of(FakeServer.Mood.WELL, FakeServer.Mood.FORBIDDEN)) {
            server.setMood(mood);
            tab("light", "en", "utc");
            open("overview");
            settle();
            browser.evaluate(axe + "; 0");
            for (String page : PAGES) {
                go(page);
                settle();
                found.addAll(violations(page + ", " + mood));
                if (mood == FakeServer.Mood.WELL && page.equals("storage")) {
                    server.put("POST /admin/compaction/trigger", () -> "{\"dryRun\": true, \"files\": 2, \"bytes\": 3100, \"subtasks\": []}");
                    click("Compact everything");
                    browser.await("document.querySelector('dialog[open] .primary:not(:disabled)')", SECONDS);
                    found.addAll(violations("a dry run"));
                }
            }
        }
        assertThat(found).isEmpty();
    }

    private List<String> violations(String where) throws Exception {
        List<String> found = new ArrayList<>();
        JsonNode violations = JSON.readTree(browser.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations.filter(v => ['serious', 'critical'].includes(v.impact))"
                + ".map(v => v.id + ': ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 160) + ' ' + (n.any[0]?.message ?? '')).join(' | '))))").asText());
        violations.forEach(one -> found.add(where + ": " + one.asText()));
        return found;
    }

    @Test
    void readersSeeWhatTheyMayNotDo() throws Exception {
        server.full("SHFE.rb2601");
        server.setRole("reader");
        open("storage");
        awaitText("your role, reader, may look only");
        assertThat(browser.evaluate("[...document.querySelectorAll('section[aria-label=Actions] button')].every(b => b.disabled && b.title === 'This needs the role operator')").asBoolean()).isTrue();
        go("dead-letters");
        browser.await("[...document.querySelectorAll('button')].some(b => b.textContent === 'Send all of these again' && b.disabled)", SECONDS);
    }

    @Test
    void storageSaysWhereFilesLieCheckpointsWhatIsSharedAndAlertsWhatToDo() throws Exception {
        server.full("SHFE.rb2601");
        open("storage");
        awaitText("in an object store only");
        assertThat(text()).contains("Where the files lie", "s3://cold-SHFE.rb2601", "on the disk only");
        browser.await("document.querySelectorAll('[aria-label=\"Bytes by where they lie\"] i').length === 2", SECONDS);
        browser.await("document.querySelector('[aria-label=\"Parquet files by table and trading day\"] .window .row')?.innerText.includes('local 1, remote 2')", SECONDS);
        go("checkpoints");
        browser.await("document.querySelectorAll('.grid .window .row').length === 3", SECONDS);
        // 5,000 bytes, of which 500 are new.
        JsonNode shares = browser.evaluate("[...document.querySelectorAll('.grid .window .row .sumbar')].map(b => [b.title, ...[...b.children].map(i => i.style.flexGrow)])");
        assertThat(shares).hasSize(3).allSatisfy(share -> assertThat(share.toString()).isEqualTo("[\"500 B new, 4.4 KiB shared\",\"500\",\"4500\"]"));
        assertThat(text()).contains("of it shared", "Shared");
        go("overview");
        awaitText("Something wants attention");
        assertThat(text()).contains("Messages wait and none is stored", "12 messages wait", "Look at the log of the TaskManager.");
        assertThat(browser.complaints()).isEmpty();
    }

    @Test
    void withoutKafkaTheConsoleSaysSo() throws Exception {
        server.put("/v1/dead-letters", () -> FakeServer.problem(409, "no-kafka", "this server was not told where Kafka is"));
        open("dead-letters");
        awaitText("The letters themselves are not shown here");
        awaitText("this server was not told where Kafka is");
        awaitText("bin/dead-letters resend");
    }
}
