package io.qaexchange.job.cli.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.browser.Browser;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Takes the pictures of the console that {@code docs/console.md} shows. */
@Command(name = "screenshots", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Takes pictures of each page of the console of a server that runs (bin/demo --live, bin/serve), with a headless Chromium.",
        footer = {"", "Exit code: 0 all pictures were taken, 2 it could not run."})
public final class ScreenshotsCommand implements Callable<Integer> {

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int WIDTH = 1440;
    private static final int HEIGHT = 900;
    private static final int SECONDS = 30;
    /** Time for what comes row by row. */
    private static final long SETTLE_MS = 4_000;
    private static final String STATEMENT = "SELECT instrument, count(*) AS trades, sum(volume) AS volume, round(sum(price * volume)) AS turnover\\n"
            + "FROM trade WHERE direction = 'BUY'\\nGROUP BY instrument ORDER BY turnover DESC";

    private static final String PLANNED = "SELECT instrument, count(*) AS trades, sum(volume) AS volume\\nFROM trade\\n"
            + "WHERE instrument IN ('SHFE.rb2601', 'SHFE.au2601') AND event_time >= '2026-01-05'\\nGROUP BY instrument";

    @Option(names = "--url", defaultValue = "http://127.0.0.1:8090", description = "Where the server is. Default: ${DEFAULT-VALUE}.")
    private String url;
    @Option(names = "--out", defaultValue = "docs/images/console", description = "Folder of the pictures. Default: ${DEFAULT-VALUE}.")
    private Path out;
    @Option(names = "--instrument", defaultValue = "SHFE.rb2601", description = "Instrument of the chart. Default: ${DEFAULT-VALUE}.")
    private String instrument;

    /** A picture: name of the file, page, theme, language, what must be there, text of the SQL editor, and what is done before. */
    private record Picture(String name, String page, String theme, String language, String ready, String sql, String act) {

        Picture(String name, String page, String theme, String language, String ready, String act) {
            this(name, page, theme, language, ready, STATEMENT, act);
        }
    }

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new ScreenshotsCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        Path program = Browser.find().orElseThrow(() -> new UsageException("there is no Chromium on this machine; on Debian: apt-get install chromium"));
        Files.createDirectories(out);
        try (Browser browser = Browser.start(program)) {
            for (Picture picture : pictures()) {
                take(browser, picture);
                System.out.println(out.resolve(picture.name() + ".png"));
            }
        }
        return Tool.GOOD;
    }

    private List<Picture> pictures() {
        String rows = "document.querySelectorAll('.grid .window .row').length > 1";
        String chart = "document.querySelector('.chart .legend span') && document.querySelector('.ladder .ask')";
        String click = clickOn("Run");
        String tables = "document.querySelectorAll('.tables summary').length > 1";
        String explain = clickOn("Explain") + "; setTimeout(() => document.querySelector('.tableplan details').open = true, 2500)";
        return List.of(new Picture("overview", "overview", "light", "en", "document.querySelectorAll('.meter i').length > 0", ""),
                new Picture("market", "market", "light", "en", rows, ""),
                new Picture("instrument-dark", "market/" + instrument, "dark", "en", chart, ""),
                new Picture("instrument-zh", "market/" + instrument, "light", "zh", chart, ""),
                new Picture("sql", "sql", "light", "en", tables, click),
                new Picture("sql-dark", "sql", "dark", "en", tables,
                        click + "; setTimeout(() => " + clickOn("Chart") + ", 2500)"),
                new Picture("plan", "sql", "light", "en", tables, PLANNED, explain),
                new Picture("queries", "queries", "light", "en", rows, ""), new Picture("ledger", "ledger", "light", "en", rows, ""),
                new Picture("storage", "storage", "light", "en", "document.querySelector('.heat')", ""),
                new Picture("checkpoints", "checkpoints", "light", "en", rows, ""),
                new Picture("storage-archive", "storage", "light", "en", "document.querySelector('.heat')", "document.querySelector('.next').scrollIntoView()"),
                new Picture("storage-dry-run", "storage", "light", "en", "document.querySelector('.heat')", clickOn("Merge small Parquet files")),
                new Picture("ledger-positions", "ledger", "light", "en", rows, clickOn("Positions")),
                new Picture("dead-letters", "dead-letters", "light", "en", "document.querySelectorAll('.meter i').length > 0 && document.querySelector('[aria-label=Letters] .window .row')", ""),
                new Picture("dead-letter", "dead-letters", "light", "en", "document.querySelector('[aria-label=Letters] .window .row')",
                        "document.querySelectorAll('[aria-label=Letters] .window .row')[0].click()"));
    }

    private static String clickOn(String button) {
        return "[...document.querySelectorAll('button')].find(b => b.textContent === '" + button + "').click()";
    }

    private void take(Browser browser, Picture picture) throws IOException, InterruptedException {
        browser.newTab();
        browser.resize(WIDTH, HEIGHT);
        String preferences = JSON.writeValueAsString(JSON.writeValueAsString(Map.of("theme", picture.theme(), "language", picture.language(), "zone", "exchange", "level", "live")));
        browser.before("localStorage.setItem('qaexchange.preferences', " + preferences + "); localStorage.setItem('qaexchange.sql', JSON.stringify('" + picture.sql().replace("'", "\\'")
                + "'))");
        browser.open(url + "/console/#/" + picture.page());
        browser.await(picture.ready(), SECONDS);
        if (!picture.act().isEmpty()) {
            browser.evaluate(picture.act());
        }
        TimeUnit.MILLISECONDS.sleep(SETTLE_MS);
        Files.write(out.resolve(picture.name() + ".png"), browser.screenshot());
    }
}
