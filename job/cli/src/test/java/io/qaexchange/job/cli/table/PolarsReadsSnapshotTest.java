package io.qaexchange.job.cli.table;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.iceberg.IcebergMirror;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.iceberg.Snapshot;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Node's Polars reads the files that a snapshot names, by {@code docs/examples/read_polars.mjs}, and gets the rows of the files that the archive manifest
 * lists. The test says so if Node or the package {@code nodejs-polars} is not on this machine.
 */
class PolarsReadsSnapshotTest {

    private static final Path KEPT = Path.of("src/test/resources/golden/savepoint-0.1.0/archive");
    private static final Path SCRIPT = Path.of("../../docs/examples/read_polars.mjs").toAbsolutePath().normalize();
    private static final int NOT_INSTALLED = 77;

    @TempDir
    private Path folder;

    @Test
    void rowsAndNanosecondsAreThoseOfTheManifest() throws Exception {
        Path archive = folder.resolve("with space");
        try (Stream<Path> files = Files.walk(KEPT)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Path copy = archive.resolve(KEPT.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy);
            }
        }
        ManifestStore store = ManifestStore.of(new org.apache.flink.core.fs.Path(archive.toUri()));
        IcebergMirror mirror = IcebergMirror.of(store);
        mirror.sync();
        int compared = 0;
        for (String table : store.latest().files().stream().map(DataFile::table).collect(Collectors.toCollection(TreeSet::new))) {
            List<Snapshot> snapshots = new ArrayList<>();
            mirror.open(table).snapshots().forEach(snapshots::add);
            // One table by all of its snapshots, the others by the newest.
            for (Snapshot snapshot : table.equals("trade") ? snapshots : snapshots.subList(snapshots.size() - 1, snapshots.size())) {
                String polars = polars(mirror.dataFiles(table, Long.toString(snapshot.snapshotId())));
                if (polars == null) {
                    return;
                }
                ArchiveManifest manifest = store.at(Long.parseLong(snapshot.summary().get("qaexchange.manifest-version")));
                List<DataFile> listed = manifest.files().stream().filter(file -> file.table().equals(table)).toList();
                assertThat(polars).as("%s, archive manifest version %d", table, manifest.version()).isEqualTo(expected(store, listed));
                compared++;
            }
        }
        assertThat(compared).isGreaterThan(13);
        System.out.println("Polars: tried, " + compared + " snapshots have the rows of the archive manifest");
    }

    /** The line of the script; null if it could not run. */
    private static String polars(List<String> files) throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder("node", SCRIPT.toString()).redirectErrorStream(true).start();
        } catch (IOException e) {
            System.out.println("Polars: node is not on this machine, so Polars was not tried: " + e.getMessage());
            return null;
        }
        try (OutputStream input = process.getOutputStream()) {
            input.write(String.join("\n", files).getBytes(StandardCharsets.UTF_8));
        }
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        int exit = process.waitFor();
        if (exit == NOT_INSTALLED) {
            System.out.println("Polars: was not tried: " + output);
            return null;
        }
        assertThat(exit).as(output).isZero();
        return output;
    }

    /** The same by the manifest's counts and by DuckDB. */
    private static String expected(ManifestStore store, List<DataFile> listed) throws SQLException {
        String files = listed.stream().map(file -> "'" + store.locate(file).getPath() + "'").collect(Collectors.joining(", "));
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = connection.createStatement();
                ResultSet sums = statement.executeQuery("SELECT min(epoch_ns(event_time)), max(epoch_ns(event_time)), sum(epoch_ns(event_time) % 1_000_000_000),"
                        + " sum(kafka_offset) FROM read_parquet([" + files + "], union_by_name = true)")) {
            sums.next();
            return String.format("rows=%d first_ns=%s last_ns=%s ns_of_second=%s kafka_offsets=%s", listed.stream().mapToLong(DataFile::rows).sum(), sums.getString(1),
                    sums.getString(2), sums.getString(3), sums.getString(4));
        }
    }
}
