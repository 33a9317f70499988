package io.qaexchange.iceberg;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** New builds, late rows and erasures, as the tables show them. */
class TableChangesTest {

    @TempDir
    private Path folder;
    private ArchiveHistory history;
    private IcebergMirror mirror;

    @BeforeEach
    void start() throws Exception {
        history = new ArchiveHistory(folder, 17);
        mirror = IcebergMirror.of(history.store());
    }

    private String byDuckDb(String table, String select) throws Exception {
        String files = mirror.dataFiles(table, null).stream().map(file -> "'" + file + "'").collect(Collectors.joining(","));
        try (Connection duckDb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckDb.createStatement();
                ResultSet rows = statement.executeQuery("SELECT " + select + " FROM read_parquet([" + files + "], union_by_name = true)")) {
            rows.next();
            return rows.getString(1);
        } catch (SQLException e) {
            throw new AssertionError("files " + files, e);
        }
    }

    @Test
    void aNewColumnIsAnEvolutionOfTheSchemaWithTheSnapshotThatBringsIt() throws Exception {
        ArchiveHistory.Checkpoint before = history.archiveWithout("kind", "trade", 5, "2026-01-05");
        mirror.sync();
        Table old = mirror.open("trade");
        assertThat(old.schema().findField("kind")).isNull();
        int price = old.schema().findField("price").fieldId();
        history.archive("trade", 6, "2026-01-06");
        history.archiveWithout("kind", "trade", 7, "2026-01-06");
        mirror.sync();

        Table table = mirror.open("trade");
        assertThat(table.schema().findType("kind")).isEqualTo(Types.StringType.get());
        assertThat(table.schema().findField("price").fieldId()).isEqualTo(price);
        assertThat(table.schemas()).as("one evolution").hasSize(2);
        assertThat(table.properties().get(TableProperties.DEFAULT_NAME_MAPPING)).contains("\"kind\"");
        List<Integer> schemas = new java.util.ArrayList<>();
        table.snapshots().forEach(snapshot -> schemas.add(snapshot.schemaId()));
        assertThat(schemas).as("a reader of an older snapshot has its columns").containsExactly(0, 1, 1);
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
        assertThat(mirror.check(history.store().latest().version()).problems()).isEmpty();
        assertThat(byDuckDb("trade", "count(*)")).isEqualTo("18");

        history.restore(before);
        mirror.sync();
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
        assertThat(mirror.open("trade").schema().findField("kind")).as("columns stay").isNotNull();
        history.archive("trade", 8, "2026-01-07");
        mirror.sync();
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
        assertThat(mirror.repair(false)).isEmpty();
        assertThat(mirror.check(history.store().latest().version()).problems()).isEmpty();
    }

    @Test
    void lateRowsOfAnEarlierTradingDayAreAnAppendToThatDay() throws Exception {
        history.archive("trade", 5, "2026-01-05");
        history.archive("trade", 6, "2026-01-06");
        history.archive("trade", 2, "2026-01-05");
        mirror.sync();

        Snapshot late = mirror.open("trade").currentSnapshot();
        assertThat(late.operation()).isEqualTo("append");
        assertThat(late.addedDataFiles(mirror.open("trade").io())).singleElement().satisfies(file -> assertThat(file.location()).contains("date=2026-01-05"));
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
    }

    @Test
    void anErasureLeavesNoFileWithTheRowsInTheNewestSnapshot() throws Exception {
        history.archiveOrders("2026-01-05", "A", "B", "A", "C");
        history.archiveOrders("2026-01-06", "A", "A");
        history.archiveOrders("2026-01-06", "B");
        mirror.sync();
        assertThat(byDuckDb("order_insert", "count(*) FILTER (account = 'A')")).isEqualTo("4");

        history.erase("A");
        mirror.sync();
        Table orders = mirror.open("order_insert");
        assertThat(orders.currentSnapshot().operation()).isEqualTo("overwrite");
        assertThat(byDuckDb("order_insert", "count(*) FILTER (account = 'A')")).isEqualTo("0");
        assertThat(byDuckDb("order_insert", "count(*)")).isEqualTo("3");
        history.deleteRetired();
        mirror.sync();
        assertThat(mirror.status().isCurrent()).isTrue();
        assertThat(byDuckDb("order_insert", "count(*)")).as("from the files that are left").isEqualTo("3");
        assertThat(mirror.check(history.store().latest().version()).problems()).isEmpty();
    }
}
