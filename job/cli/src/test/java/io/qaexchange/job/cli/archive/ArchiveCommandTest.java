package io.qaexchange.job.cli.archive;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.Sha256;
import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RandomEvents;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.parquet.EventFileFooter;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.FooterKeys;
import io.qaexchange.parquet.ParquetOptions;
import io.qaexchange.parquet.TableReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/archive} on a small archive. */
class ArchiveCommandTest {

    @TempDir
    private Path archive;
    private ManifestStore store;
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final ByteArrayOutputStream complained = new ByteArrayOutputStream();
    private final PrintStream out = System.out;
    private final PrintStream err = System.err;

    @BeforeEach
    void publishFourFiles() throws IOException {
        store = ManifestStore.of(new org.apache.flink.core.fs.Path(archive.toUri()));
        ArchiveManifest begun = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1));
        List<DataFile> files = new ArrayList<>();
        for (int i = 1; i <= 4; i++) {
            files.add(write(i, i == 1 ? "2025-01-06" : "2026-01-06"));
        }
        assertThat(store.publish(begun)).isTrue();
        assertThat(store.publish(begun.withFiles(files))).isTrue();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setOut(out);
        System.setErr(err);
    }

    @Test
    void compactsAndSaysWhatItDid() throws IOException {
        assertThat(run("compact", "--archive", archive.toString(), "--dry-run")).isEqualTo(Tool.GOOD);
        assertThat(printed()).contains("table tick, 2026-01-06: 3 files with 3 rows").contains("3 files with");
        assertThat(store.latest().version()).isEqualTo(2);

        assertThat(run("compact", "--archive", archive.toString())).isEqualTo(Tool.GOOD);
        assertThat(printed()).contains("table=tick/date=2026-01-06/compacted-").contains(" became 1 files with ");
        assertThat(run("files", "--archive", archive.toString(), "--day", "2026-01-06")).isEqualTo(Tool.GOOD);
        assertThat(printed()).contains("compacted-").doesNotContain("part-");
        assertThat(run("verify", "--archive", archive.toString())).isEqualTo(Tool.GOOD);
        assertThat(printed()).contains("ARCHIVE HOLDS").contains("manifest versions 1 to 3");
    }

    @Test
    void showsAChangedFile() throws IOException {
        Path file = Path.of(store.locate(store.latest().files().get(0)).toUri());
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length / 2] ^= 1;
        Files.write(file, bytes);

        assertThat(run("verify", "--archive", archive.toString())).isEqualTo(Tool.BAD);
        assertThat(printed()).contains("problem: file " + file + " was changed").contains("ARCHIVE WAS CHANGED");
    }

    @Test
    void letsOldDaysGoUnlessTheyAreHeld() throws IOException {
        String[] retain = {"retain", "--archive", archive.toString(), "--checkpoints", "none", "--delete-after", "30"};
        assertThat(run("hold", "--archive", archive.toString(), "--add", "case-1", "--day", "2025-01-06", "--reason", "court")).isEqualTo(Tool.GOOD);
        assertThat(printed()).contains("case-1: 2025-01-06, since ").contains("1 files: court");
        assertThat(run(retain)).isEqualTo(Tool.GOOD);
        assertThat(printed()).contains("held: table tick, 2025-01-06").contains("0 files with 0 bytes of 0 trading days leave the table");

        assertThat(run("hold", "--archive", archive.toString(), "--remove", "case-1")).isEqualTo(Tool.GOOD);
        List<String> dry = new ArrayList<>(List.of(retain));
        dry.add("--dry-run");
        assertThat(run(dry.toArray(String[]::new))).isEqualTo(Tool.GOOD);
        assertThat(printed()).contains("would leave the table: table tick, 2025-01-06, 1 rows");
        assertThat(store.latest().files()).hasSize(4);
        assertThat(run(retain)).isEqualTo(Tool.GOOD);
        assertThat(printed()).contains("left the table: table tick, 2025-01-06, 1 rows").contains("1 wait for the grace time");
        assertThat(store.latest().files()).hasSize(3);
    }

    @Test
    void refusesWhatItCannotDo() {
        assertThat(run()).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("compact, retain, erase, fetch, hold, verify or files");
        assertThat(run("compact", "--archive", archive.resolve("no").toString())).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("is no archive");
        assertThat(run("compact", "--archive", archive.toString(), "--table", "tik")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("no files of table tik; it has [tick]");
        assertThat(run("compact", "--archive", archive.toString(), "--target-size", "big")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("--target-size big is no size");
        assertThat(run("files", "--archive", archive.toString(), "--day", "yesterday")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("--day yesterday is no day");
        assertThat(run("retain", "--archive", archive.toString())).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("say with --checkpoints");
        assertThat(run("retain", "--archive", archive.toString(), "--checkpoints", "none", "--grace", "1 s")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("at least 10 min");
        assertThat(run("retain", "--archive", archive.toString(), "--checkpoints", "none", "--delete-after", "tick=soon")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("tick=soon is no number of days");
        assertThat(run("hold", "--archive", archive.toString(), "--add", "x", "--day", "2026-01-06")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("say with --reason");
        assertThat(run("hold", "--archive", archive.toString(), "--remove", "x")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("there is no hold x");
    }

    @Test
    void erasesAnInstrumentOnlyIfThatIsConfirmed() throws IOException {
        DataFile file = store.latest().files().get(0);
        String instrument;
        try (TableReader reader = TableReader.open(FlinkInputFile.of(store.locate(file)))) {
            instrument = reader.next().event().routeKey();
        }
        String[] erase = {"erase", "--archive", archive.toString(), "--checkpoints", "none", "--instrument", instrument, "--reason", "request 17"};
        assertThat(run(erase)).isEqualTo(Tool.GOOD);
        assertThat(printed()).contains("would be erased: " + file.path() + ", 1 of 1 rows").contains("nothing was changed: say --confirm to erase");
        assertThat(store.latest().files()).hasSize(4);

        assertThat(run("hold", "--archive", archive.toString(), "--add", "case-1", "--day", "2025-01-06", "--reason", "court")).isEqualTo(Tool.GOOD);
        List<String> confirmed = new ArrayList<>(List.of(erase));
        confirmed.add("--confirm");
        assertThat(run(confirmed.toArray(String[]::new))).isEqualTo(Tool.BAD);
        assertThat(printed()).contains("refused: 1 rows are under legal hold case-1 (court)").contains("deleted: 0 former files");
        assertThat(run("hold", "--archive", archive.toString(), "--remove", "case-1")).isEqualTo(Tool.GOOD);

        assertThat(run(confirmed.toArray(String[]::new))).isEqualTo(Tool.GOOD);
        assertThat(printed()).contains("erased: " + file.path()).contains("1 rows of the tables, erased by manifest version 5").contains("deleted: 1 former files");
        assertThat(store.latest().files()).hasSize(3);
        assertThat(run("verify", "--archive", archive.toString())).isEqualTo(Tool.GOOD);

        assertThat(run("erase", "--archive", archive.toString(), "--checkpoints", "none", "--repeat", "--confirm")).isEqualTo(Tool.GOOD);
        assertThat(printed()).contains("(erasure-").contains("request 17").contains("0 files with 0 bytes: 0 rows");
    }

    @Test
    void refusesAnErasureThatSaysTooLittle() {
        String folder = archive.toString();
        assertThat(run("erase", "--archive", folder, "--checkpoints", "none")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("say whose rows");
        assertThat(run("erase", "--archive", folder, "--checkpoints", "none", "--account", "A")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("say why with --reason");
        assertThat(run("erase", "--archive", folder, "--account", "A", "--reason", "r")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("say with --checkpoints");
        assertThat(run("erase", "--archive", folder, "--account", "A", "--reason", "r", "--from", "soon")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("--from soon is no day");
        assertThat(run("erase", "--archive", folder, "--account", "A", "--reason", "r", "--from", "2026-02-01", "--to", "2026-01-01")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("is after --to");
        assertThat(run("erase", "--archive", folder, "--checkpoints", "none", "--repeat")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("nothing was ever erased");
        assertThat(run("erase", "--archive", folder, "--repeat", "--account", "A")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complained()).contains("leave --account");
    }

    private int run(String... arguments) {
        printed.reset();
        complained.reset();
        return Tool.execute(new ArchiveCommand(), arguments);
    }

    private String printed() {
        return printed.toString(StandardCharsets.UTF_8);
    }

    private String complained() {
        return complained.toString(StandardCharsets.UTF_8);
    }

    private DataFile write(int ordinal, String day) throws IOException {
        RecordType type = EventSchema.get().findTable("tick");
        String path = "table=tick/date=" + day + "/part-" + ordinal + ".parquet";
        Path file = archive.resolve(path);
        Files.createDirectories(file.getParent());
        byte[] value = StoredEvent.encode(RandomEvents.event(EventSchema.get(), type, new Random(ordinal)), new Arrival(1, "events", 0, ordinal));
        try (EventParquetWriter writer = EventParquetWriter.create(file, type, ParquetOptions.DEFAULT)) {
            writer.write(new StoredEvent().wrap(value), value.length, Integer.parseInt(day.replace("-", "")));
            writer.finish(Map.of(FooterKeys.BATCH_ID, "batch-" + ordinal, FooterKeys.TRADING_DAY, day));
        }
        org.apache.flink.core.fs.Path uri = new org.apache.flink.core.fs.Path(file.toUri());
        EventFileFooter footer = EventFileFooter.read(FlinkInputFile.of(uri));
        return new DataFile("batch-" + ordinal, "tick", day, path, Files.size(file), 1, footer.rawBytes(), footer.minEventTimeNs(),
                footer.maxEventTimeNs(), "a-0", ordinal, null, null, 0, ordinal, Sha256.of(uri), null);
    }
}
