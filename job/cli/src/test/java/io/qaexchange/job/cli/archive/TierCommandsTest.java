package io.qaexchange.job.cli.archive;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.tier.TierSettings;
import io.qaexchange.archive.tier.TieredArchive;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.read.QueryCommand;
import io.qaexchange.s3.S3Server;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The commands of tiers, and queries over what they moved, on another disk and on a real S3 server. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class TierCommandsTest {

    private static final String COUNT = "SELECT count(*) AS n FROM tick";

    @TempDir
    private Path parent;
    private Path archive;
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final ByteArrayOutputStream complained = new ByteArrayOutputStream();
    private final PrintStream out = System.out;
    private final PrintStream err = System.err;

    @BeforeEach
    void capture() {
        archive = parent.resolve("archive");
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() throws IOException {
        System.setOut(out);
        System.setErr(err);
        TierSettings.cache().close();
        System.clearProperty(TierSettings.FOLDER);
        System.clearProperty(TierSettings.BYTES);
        TierSettings.reset();
    }

    @Test
    void movesFilesToS3QueriesThemAndBringsThemBack() throws Exception {
        try (S3Server server = S3Server.start(parent.resolve("s3"), "cold")) {
            S3Server.use(server.address());
            TieredArchive files = new TieredArchive(parent, "s3://cold/market");
            String[] retain = {"--remote", "s3://cold/market", "--remote-after", "30", "--local-retention", "30"};

            assertThat(retain(with(retain, "--dry-run"))).as(complained()).isEqualTo(Tool.GOOD);
            assertThat(printed()).contains("would be copied: table=tick/date=2026-01-05/").contains("2 files with").contains("of 2 trading days copied");
            assertThat(files.store().latest().remote()).isEmpty();
            assertThat(retain(retain)).as(complained()).isEqualTo(Tool.GOOD);
            assertThat(printed()).contains("copied: table=tick/date=2026-01-05/").contains("2 wait for the grace time");
            files.endGraceTime();
            assertThat(archive("files", "--tiers", "--table", "tick")).isEqualTo(Tool.GOOD);
            assertThat(printed().lines().map(line -> line.replaceAll("/part-.*", ""))).containsExactly("remote\ts3://cold/market/table=tick/date=2026-01-05",
                    "local\t" + archive + "/table=tick/date=2026-02-28");

            assertThat(query(COUNT)).as(complained()).isEqualTo(Tool.GOOD);
            assertThat(printed()).contains("40");
            assertThat(archive("verify")).isEqualTo(Tool.GOOD);
            assertThat(printed()).contains("2 files and 2 objects with").contains("ARCHIVE HOLDS");
            assertThat(query(COUNT, "--tier-cache", parent.resolve("small").toString(), "--tier-cache-size", "1kb")).isEqualTo(Tool.COULD_NOT_RUN);
            assertThat(complained()).contains("file table=tick/date=2026-01-05/").contains("Raise the size of the cache (--tier-cache-size)");

            server.kill();
            assertThat(query(COUNT)).as("the cache has it").isEqualTo(Tool.GOOD);
            assertThat(query(COUNT, "--tier-cache", parent.resolve("empty").toString(), "--tier-cache-size", "10mb")).isEqualTo(Tool.COULD_NOT_RUN);
            assertThat(complained()).contains("file table=tick/date=2026-01-05/").contains("is in an object store only").contains("cannot be read from there");
            assertThat(printed()).as("nothing partial").isEmpty();
            assertThat(archive("fetch", "--day", "2026-01-05")).isEqualTo(Tool.BAD);
            assertThat(complained()).contains("problem: not fetched: table=tick/date=2026-01-05/");

            server.restart();
            assertThat(archive("fetch", "--dry-run")).isEqualTo(Tool.GOOD);
            assertThat(printed()).contains("would be fetched: table=");
            assertThat(archive("fetch", "--day", "2026-01-05", "--for", "2 d")).as(complained()).isEqualTo(Tool.GOOD);
            assertThat(printed()).contains("fetched: table=tick/date=2026-01-05/").contains("1 files with");
            assertThat(archive("files", "--tiers", "--day", "2026-01-05")).isEqualTo(Tool.GOOD);
            assertThat(printed()).startsWith("both\t" + archive + "/table=tick/date=2026-01-05/");
        } finally {
            S3Server.useNone();
        }
    }

    @Test
    void refusesWhatWouldLoseOrCannotBe() throws IOException {
        new TieredArchive(parent, "file://" + Files.createDirectories(parent.resolve("other")));
        assertRefused("a policy that drops before it copies is refused", "--remote", "file://" + parent, "--remote-after", "90", "--local-retention", "30");
        assertRefused("a policy that drops before it copies is refused", "--local-retention", "30");
        assertRefused("table tick: rows would be deleted after 20 d", "--remote", "file://" + parent, "--remote-after", "30", "--delete-after", "tick=20");
        assertRefused("say with --remote where", "--remote-after", "30");
        assertRefused("say with --remote-after at which age", "--remote", "file://" + parent);
        assertRefused("--remote nosuch://host/x: this installation has no object store", "--remote", "nosuch://host/x", "--remote-after", "1");
        assertRefused("give a scheme and a path", "--remote", "folder", "--remote-after", "1");
        assertRefused("--remote-after tick=soon is no number of days", "--remote", "file://" + parent, "--remote-after", "tick=soon");
        assertRefused("--table and --day are not for retain", "--table", "tick", "--delete-after", "30");
        assertThat(retain("--remote", "file://" + parent.resolve("not there"), "--remote-after", "30,trade=never")).isEqualTo(Tool.BAD);
        assertThat(complained()).contains("mount its disk, or create it").contains("1 files are not copied");
        assertThat(archive("fetch", "--for", "ever")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("--for ever is no time");
        assertThat(query(COUNT, "--tier-cache-size", "big")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("--tier-cache-size big is no size");
    }

    private void assertRefused(String sentence, String... arguments) {
        assertThat(retain(arguments)).as(sentence).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains(sentence);
    }

    private static String[] with(String[] arguments, String more) {
        return Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new);
    }

    private int retain(String... arguments) {
        List<String> all = new ArrayList<>(List.of("retain", "--archive", archive.toString(), "--checkpoints", "none"));
        all.addAll(List.of(arguments));
        return run(new ArchiveCommand(), all);
    }

    private int archive(String command, String... arguments) {
        List<String> all = new ArrayList<>(List.of(command, "--archive", archive.toString()));
        all.addAll(List.of(arguments));
        return run(new ArchiveCommand(), all);
    }

    private int query(String sql, String... arguments) {
        List<String> all = new ArrayList<>(List.of("--parquet", archive.toString()));
        if (!List.of(arguments).contains("--tier-cache")) {
            all.addAll(List.of("--tier-cache", parent.resolve("cache-of-queries").toString()));
        }
        all.addAll(List.of(arguments));
        all.add(sql);
        TierSettings.reset();
        return run(new QueryCommand(), all);
    }

    private int run(Callable<Integer> command, List<String> arguments) {
        printed.reset();
        complained.reset();
        return Tool.execute(command, arguments.toArray(String[]::new));
    }

    private String printed() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    private String complained() {
        return complained.toString(StandardCharsets.UTF_8);
    }
}
