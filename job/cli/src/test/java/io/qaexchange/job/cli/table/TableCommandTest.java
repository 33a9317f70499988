package io.qaexchange.job.cli.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RandomEvents;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.parquet.EventParquetWriter;
import io.qaexchange.parquet.FooterKeys;
import io.qaexchange.parquet.ParquetOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code bin/table} on an archive of one file. */
class TableCommandTest {

    @TempDir
    private Path dir;
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final ByteArrayOutputStream complained = new ByteArrayOutputStream();
    private final PrintStream out = System.out;
    private final PrintStream err = System.err;

    @BeforeEach
    void publishAFile() throws IOException {
        String path = "table=trade/date=2026-01-05/part-1.parquet";
        Path file = dir.resolve("archive").resolve(path);
        Files.createDirectories(file.getParent());
        RecordType trade = EventSchema.get().findTable("trade");
        byte[] value = StoredEvent.encode(RandomEvents.event(EventSchema.get(), trade, new Random(1)), new Arrival(1, "topic", 0, 1));
        try (EventParquetWriter writer = EventParquetWriter.create(file, trade, ParquetOptions.DEFAULT)) {
            writer.write(new StoredEvent().wrap(value), value.length, 20260105);
            writer.finish(Map.of(FooterKeys.BATCH_ID, "batch-1", FooterKeys.TRADING_DAY, "2026-01-05"));
        }
        ManifestStore store = ManifestStore.of(new org.apache.flink.core.fs.Path(dir.resolve("archive").toUri()));
        ArchiveManifest begun = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch("a-0", null, 0, "a", 1));
        assertThat(store.publish(begun)).isTrue();
        assertThat(store.publish(begun.withFiles(List.of(new DataFile("batch-1", "trade", "2026-01-05", path, Files.size(file), 1, 1, 0, 1, "a-0", 1)))))
                .isTrue();
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restoreOutputs() {
        System.setOut(out);
        System.setErr(err);
    }

    private String run(int code, String... args) {
        printed.reset();
        complained.reset();
        assertThat(Tool.execute(new TableCommand(), args)).as("%s%s", printed, complained).isEqualTo(code);
        return printed.toString(StandardCharsets.UTF_8) + complained.toString(StandardCharsets.UTF_8);
    }

    @Test
    void syncsSaysHowTheTablesStandAndRepairs() throws IOException {
        String demo = dir.toString();
        assertThat(run(1, "status", "--dir", demo)).contains("version 2, tables at 0: 2 behind", "TABLES DIFFER FROM THE ARCHIVE");
        assertThat(run(0, "sync", "--dir", demo)).contains("archive manifest version 2, was 0; 1 snapshots");
        assertThat(run(0, "status", "--archive", demo + "/archive")).contains("1 files, 1 rows; archive 1 files, 1 rows", "TABLES SHOW THE ARCHIVE");
        assertThat(run(0, "repair", "--dir", demo)).contains("nothing to repair");

        Files.writeString(dir.resolve("archive/_iceberg/trade/metadata/v2.metadata.json"), "{");
        assertThat(run(1, "status", "--dir", demo)).contains("v2.metadata.json cannot be read");
        assertThat(run(2, "sync", "--dir", demo)).contains("v2.metadata.json cannot be read");
        assertThat(run(0, "repair", "--dir", demo)).contains("put aside", "repaired");
        assertThat(run(0, "status", "--dir", demo)).contains("TABLES SHOW THE ARCHIVE");
    }

    @Test
    void registersTheTablesInAnotherCatalogue() throws IOException {
        String demo = dir.toString();
        Path file = dir.resolve("catalogue.properties");
        Files.writeString(file, "type = jdbc\nuri = jdbc:h2:" + dir.resolve("catalogue") + ";DATABASE_TO_LOWER=TRUE\nnamespace = exchange.archive\n");
        assertThat(run(0, "sync", "--dir", demo, "--catalog", file.toString())).contains("1 snapshots", "table exchange.archive.trade is registered");
        assertThat(run(0, "sync", "--dir", demo, "--catalog", file.toString())).doesNotContain("exchange.archive.trade");
        assertThat(run(0, "repair", "--dir", demo, "--catalog", file.toString())).contains("nothing to repair");
        run(0, "repair", "--dir", demo, "--rebuild");
        assertThat(run(0, "sync", "--dir", demo, "--catalog", file.toString())).as("a table that was made anew").contains("0 snapshots");

        Files.writeString(file, "type = rest\nuri = http://127.0.0.1:1\n");
        assertThat(run(2, "sync", "--dir", demo, "--catalog", file.toString())).contains("catalogue http://127.0.0.1:1 refuses or cannot be reached");
        Files.writeString(file, "type = hive\nuri = x\n");
        assertThat(run(2, "sync", "--dir", demo, "--catalog", file.toString())).contains("catalogue.properties: type hive of the catalogue is neither jdbc nor rest");
        Files.writeString(file, "type = rest\n");
        assertThat(run(2, "repair", "--dir", demo, "--catalog", file.toString())).contains("catalogue.properties: the catalogue has no property uri");
        Files.writeString(file, "type = rest\nuri = x\ntimeout-seconds = soon\n");
        assertThat(run(2, "sync", "--dir", demo, "--catalog", file.toString())).contains("timeout-seconds of the catalogue is no number: soon");
        assertThat(run(2, "sync", "--dir", demo, "--catalog", dir + "/none")).contains("of the catalogue cannot be read");
        assertThat(run(2, "serve", "--dir", demo, "--catalog", file.toString())).contains("--catalog needs --sync");
    }

    @Test
    void printsTheFilesOfASnapshot() {
        String demo = dir.toString();
        run(0, "sync", "--dir", demo);
        String file = dir.resolve("archive/table=trade/date=2026-01-05/part-1.parquet") + System.lineSeparator();
        assertThat(run(0, "files", "--dir", demo, "--table", "trade")).isEqualTo(file);
        assertThat(run(0, "files", "--dir", demo, "--table", "trade", "--snapshot", "main")).isEqualTo(file);
        assertThat(run(2, "files", "--dir", demo, "--table", "trade", "--snapshot", "7")).contains("no snapshot, branch or tag 7", "main");
        assertThat(run(2, "files", "--dir", demo, "--table", "trades")).contains("no Iceberg table trades, only trade");
    }

    @Test
    void putsBackWhatSomebodyElseChanged() throws IOException {
        String demo = dir.toString();
        run(0, "sync", "--dir", demo);
        Path folder = dir.resolve("archive/_iceberg/trade/metadata");
        String newest = Files.readString(folder.resolve("v2.metadata.json"));
        Files.writeString(folder.resolve("v3.metadata.json"), newest.replace("\"gc.enabled\":\"false\"", "\"gc.enabled\":\"true\""));
        assertThat(run(2, "sync", "--dir", demo)).contains("table trade: somebody else changed gc.enabled. Nothing was changed. bin/table repair puts the table back");
        assertThat(run(0, "repair", "--dir", demo)).contains("table trade: gc.enabled put back", "repaired");

        Files.writeString(folder.resolve("v5.metadata.json"), newest.replace("\"format-version\":2", "\"format-version\":99"));
        assertThat(run(1, "status", "--dir", demo)).contains("v5.metadata.json cannot be read: Cannot read unsupported version 99");
        assertThat(run(2, "sync", "--dir", demo)).contains("v5.metadata.json cannot be read: Cannot read unsupported version 99", "bin/table repair puts it aside");
        assertThat(run(0, "repair", "--dir", demo)).contains("put aside", "repaired");
        assertThat(run(0, "status", "--dir", demo)).contains("TABLES SHOW THE ARCHIVE");
    }

    @Test
    void expiresOldSnapshotsOnly() {
        String demo = dir.toString();
        run(0, "sync", "--dir", demo);
        assertThat(run(0, "expire", "--dir", demo, "--keep", "1", "--days", "0")).contains("nothing to expire");
        assertThat(run(2, "expire", "--dir", demo, "--keep", "0")).contains("--keep, --days: at least one snapshot");
        assertThat(run(0, "status", "--dir", demo)).contains("TABLES SHOW THE ARCHIVE");
    }

    @Test
    void saysThatItsPortIsTaken() throws Exception {
        try (java.net.ServerSocket taken = new java.net.ServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
            assertThat(run(2, "serve", "--dir", dir.toString(), "--port", Integer.toString(taken.getLocalPort()))).contains("cannot listen on 127.0.0.1:" + taken.getLocalPort());
        }
    }

    @Test
    void saysWhatIsMissing() {
        assertThat(run(2, "sync")).contains("--archive DIR or --dir DIR");
        assertThat(run(2, "sync", "--archive", dir + "/none")).contains("is no archive");
        assertThat(run(2)).contains("sync, status, files, repair, expire or serve");
    }
}
