package io.qaexchange.iceberg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.FileScanTask;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.TableScan;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.io.CloseableIterable;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.api.Test;

/** Tables in a JDBC catalogue (H2), and in a REST catalogue of another server that keeps its tables in such a one. Others look at them with Iceberg's own clients. */
class OutsideCatalogTest {

    private static final TableIdentifier TRADE = TableIdentifier.of("archive", "trade");

    @TempDir
    private Path folder;
    private ArchiveHistory history;
    private IcebergMirror mirror;
    private JdbcCatalog others;
    private RestCatalogServer server;
    private String database;

    private enum Kind {
        JDBC, REST
    }

    @BeforeEach
    void start() throws IOException {
        // Iceberg looks for its tables by names in small letters.
        database = "jdbc:h2:mem:" + folder.getFileName() + ";DB_CLOSE_DELAY=-1;DATABASE_TO_LOWER=TRUE";
        others = new JdbcCatalog(none -> new MirrorFileIO(), null, true);
        others.initialize("qaexchange", Map.of("uri", database, "jdbc.schema-version", "V1", "warehouse", folder.toUri().toString()));
        server = RestCatalogServer.start(others);
        history = new ArchiveHistory(folder, 11);
        mirror = IcebergMirror.of(history.store());
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
        others.close();
    }

    private OutsideCatalog open(Kind kind) throws IOException {
        return OutsideCatalog.open(kind == Kind.JDBC ? Map.of("type", "jdbc", "uri", database) : Map.of("type", "rest", "uri", server.address()));
    }

    private List<String> sync(Kind kind) throws IOException {
        mirror.sync();
        try (OutsideCatalog catalog = open(kind)) {
            return catalog.register(mirror);
        }
    }

    private static List<String> files(TableScan scan) throws IOException {
        try (CloseableIterable<FileScanTask> tasks = scan.planFiles(); Stream<FileScanTask> all = java.util.stream.StreamSupport.stream(tasks.spliterator(), false)) {
            return all.map(task -> task.file().location()).sorted().toList();
        }
    }

    private void assertShowsTheManifest(TableIdentifier id) throws IOException {
        assertThat(files(others.loadTable(id).newScan())).isEqualTo(history.locations(id.name()));
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void followsTheArchiveThroughRestoreCompactionExpiryAndNewTables(Kind kind) throws IOException {
        ArchiveHistory.Checkpoint first = history.archive("trade", 5, "2026-01-05");
        assertThat(sync(kind)).containsExactly("table archive.trade is registered");
        assertShowsTheManifest(TRADE);
        assertThat(sync(kind)).as("nothing to do").isEmpty();

        for (int i = 0; i < 3; i++) {
            history.archive("trade", 6, "2026-01-05", "2026-01-06");
        }
        history.archive("tick", 3, "2026-01-05");
        assertThat(sync(kind)).containsExactly("table archive.tick is registered", "table archive.trade is at archive manifest version 5");
        assertShowsTheManifest(TRADE);
        assertThat(others.loadTable(TRADE).snapshots()).hasSize(4);
        assertThat(history.compact()).isPositive();
        sync(kind);
        assertShowsTheManifest(TRADE);

        history.restore(first);
        sync(kind);
        assertShowsTheManifest(TRADE);
        assertThat(others.loadTable(TRADE).refs()).containsKey("abandoned-a-0");
        assertThat(files(others.loadTable(TRADE).newScan().useRef("abandoned-a-0"))).hasSizeGreaterThan(history.locations("trade").size());

        history.archive("trade", 6, "2026-01-07");
        history.expire("2026-01-05");
        mirror.sync();
        mirror.expire(new SnapshotRetention(1, java.time.Duration.ZERO), Instant.now().plusSeconds(60));
        sync(kind);
        assertShowsTheManifest(TRADE);
        assertThat(others.loadTable(TRADE).snapshots()).as("snapshots that expired leave the catalogue").hasSameSizeAs(mirror.open("trade").snapshots());
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void whatOthersAddStaysAndWhatTheyCommitIsRefusedAndKept(Kind kind) throws IOException {
        history.archive("trade", 5, "2026-01-05");
        history.archive("trade", 6, "2026-01-06");
        sync(kind);
        Table theirs = others.loadTable(TRADE);
        theirs.updateProperties().set("comment", "of the desk").commit();
        theirs.manageSnapshots().createTag("end-of-day", theirs.currentSnapshot().snapshotId()).commit();
        history.archive("trade", 7, "2026-01-06");
        sync(kind);
        assertShowsTheManifest(TRADE);
        assertThat(others.loadTable(TRADE).properties()).containsEntry("comment", "of the desk");
        assertThat(others.loadTable(TRADE).refs()).containsKey("end-of-day");

        Table changed = others.loadTable(TRADE);
        changed.newDelete().deleteFromRowFilter(Expressions.equal("date", "2026-01-05")).commit();
        long foreign = changed.currentSnapshot().snapshotId();
        List<String> foreignFiles = files(changed.newScan());
        history.archive("trade", 8, "2026-01-06");
        assertThatThrownBy(() -> sync(kind)).isInstanceOf(ForeignCommitException.class).hasMessageContaining("table archive.trade of catalogue ")
                .hasMessageContaining("snapshot " + foreign + " (delete) was committed by somebody else").hasMessageContaining("bin/table repair --catalog");
        assertThat(files(others.loadTable(TRADE).newScan())).as("nothing was changed").isEqualTo(foreignFiles);

        try (OutsideCatalog catalog = open(kind)) {
            assertThat(catalog.repair(mirror)).singleElement().asString().contains("is registered anew", "archive.trade_foreign_" + foreign);
            assertThat(catalog.repair(mirror)).isEmpty();
        }
        assertShowsTheManifest(TRADE);
        assertThat(files(others.loadTable(TableIdentifier.of("archive", "trade_foreign_" + foreign)).newScan())).as("their commit is kept").isEqualTo(foreignFiles);
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aTableThatWasDroppedOrRebuiltOrIsAnotherOne(Kind kind) throws IOException {
        history.archive("trade", 5, "2026-01-05");
        sync(kind);
        others.dropTable(TRADE, false);
        assertThat(sync(kind)).containsExactly("table archive.trade is registered");
        others.dropTable(TRADE, true);
        try (OutsideCatalog catalog = open(kind)) {
            assertThat(mirror.repair(false)).as("purging deletes metadata, and no data file").isNotEmpty();
            catalog.repair(mirror);
        }
        assertShowsTheManifest(TRADE);

        others.loadTable(TRADE).updateProperties().set("comment", "so the catalogue has metadata of its own").commit();
        mirror.repair(true);
        try (OutsideCatalog catalog = open(kind)) {
            assertThat(kind == Kind.JDBC ? catalog.register(mirror) : catalog.repair(mirror)).singleElement().asString().contains("is registered anew, as its metadata was gone");
        }
        assertShowsTheManifest(TRADE);

        Table tick = others.createTable(TableIdentifier.of("archive", "tick"), others.loadTable(TRADE).schema());
        history.archive("tick", 4, "2026-01-05");
        for (boolean repair : new boolean[] {false, true}) {
            assertThatThrownBy(() -> {
                mirror.sync();
                try (OutsideCatalog catalog = open(kind)) {
                    (repair ? catalog.repair(mirror) : catalog.register(mirror)).forEach(System.out::println);
                }
            }).as("repair: %s", repair).isInstanceOf(ForeignCommitException.class).hasMessageContaining("is another table, at " + tick.location());
        }
    }

    @Test
    void aCatalogueThatIsAwayOrSlowOrNoneIsNamed() throws IOException {
        history.archive("trade", 5, "2026-01-05");
        mirror.sync();
        assertThatThrownBy(() -> OutsideCatalog.open(Map.of("type", "jdbc", "uri", "jdbc:h2:tcp://127.0.0.1:1/none"))).isInstanceOf(IOException.class)
                .hasMessageContaining("catalogue jdbc:h2:tcp://127.0.0.1:1/none refuses or cannot be reached");
        assertThatThrownBy(() -> OutsideCatalog.open(Map.of("type", "jdbc", "uri", "jdbc:unknown:x"))).isInstanceOf(IOException.class)
                .hasMessageContaining("No suitable driver");
        assertThatThrownBy(() -> OutsideCatalog.open(Map.of("type", "rest", "uri", server.address() + "/nothing"))).isInstanceOf(IOException.class)
                .hasMessageContaining("/nothing refuses or cannot be reached");
        try (ServerSocket silent = new ServerSocket(0, 10, InetAddress.getByName("127.0.0.1"))) {
            Map<String, String> slow = Map.of("type", "rest", "uri", "http://127.0.0.1:" + silent.getLocalPort(), "timeout-seconds", "1");
            assertThatThrownBy(() -> OutsideCatalog.open(slow)).isInstanceOf(IOException.class).hasMessageContaining("did not answer within 1 s");
        }
        Map<String, String> wrong = new HashMap<>(Map.of("type", "hive", "uri", "x"));
        assertThatThrownBy(() -> OutsideCatalog.open(wrong)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("type hive of the catalogue is neither jdbc nor rest");
        assertThatThrownBy(() -> OutsideCatalog.open(Map.of("type", "rest"))).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("no property uri");
        assertThatThrownBy(() -> OutsideCatalog.open(Map.of("type", "rest", "uri", "x", "timeout-seconds", "soon"))).hasMessageContaining("is no number: soon");
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void aTableWhoseColumnsOrFormatSomebodyChangedIsRefusedAndKept(Kind kind) throws IOException {
        Map<String, Consumer<Table>> changes = Map.of("the schema", table -> table.updateSchema().addColumn("comment", Types.StringType.get()).commit(),
                "the format version, which is 3 and not 2", table -> table.updateProperties().set("format-version", "3").commit(),
                "the partitioning", table -> table.updateSpec().addField("instrument").commit());
        for (Map.Entry<String, Consumer<Table>> change : changes.entrySet()) {
            history.archive("trade", 5, "2026-01-05");
            sync(kind);
            change.getValue().accept(others.loadTable(TRADE));
            history.archive("trade", 6, "2026-01-06");
            long head = others.loadTable(TRADE).currentSnapshot().snapshotId();

            assertThatThrownBy(() -> sync(kind)).isInstanceOf(ForeignCommitException.class).hasMessageContaining("table archive.trade of catalogue ")
                    .hasMessageContaining("somebody else changed " + change.getKey() + ". Nothing was changed. bin/table repair --catalog");
            assertThat(others.loadTable(TRADE).currentSnapshot().snapshotId()).isEqualTo(head);
            try (OutsideCatalog catalog = open(kind)) {
                assertThat(catalog.repair(mirror)).singleElement().asString().contains("is registered anew", "archive.trade_foreign_" + head);
            }
            assertShowsTheManifest(TRADE);
            assertThat(others.tableExists(TableIdentifier.of("archive", "trade_foreign_" + head))).isTrue();
        }
    }

    /** A schema of somebody else that is not the current one, with the number that our next one has. */
    @ParameterizedTest
    @EnumSource(Kind.class)
    void aSchemaOfSomebodyElseIsNotTakenForOurs(Kind kind) throws IOException {
        history.archive("trade", 5, "2026-01-05");
        sync(kind);
        TableOperations theirs = ((HasTableOperations) others.loadTable(TRADE)).operations();
        TableMetadata before = theirs.current();
        Schema schema = new Schema(before.schema().columns().subList(0, 3));
        theirs.commit(before, TableMetadata.buildFrom(before).addSchema(schema).build());
        TableMetadata ours = mirror.metadata("trade");
        Schema next = new Schema(Stream.concat(ours.schema().columns().stream(),
                Stream.of(Types.NestedField.optional(ours.lastColumnId() + 1, "venue", Types.StringType.get()))).toList());

        assertThat(OutsideCatalog.problem("table", theirs.refresh(), ours)).isNull();
        assertThat(OutsideCatalog.problem("table", theirs.current(), TableMetadata.buildFrom(ours).addSchema(next).build())).contains("somebody else changed the schema");
    }

    @Test
    void aJdbcCatalogueOfAnOlderVersionIsUsedAsItIs() throws Exception {
        String older = database.replace("jdbc:h2:mem:", "jdbc:h2:mem:older");
        try (JdbcCatalog theirs = new JdbcCatalog(none -> new MirrorFileIO(), null, true)) {
            theirs.initialize("qaexchange", Map.of("uri", older, "jdbc.schema-version", "V0", "warehouse", folder.toUri().toString()));
            history.archive("trade", 5, "2026-01-05");
            mirror.sync();
            try (OutsideCatalog catalog = OutsideCatalog.open(Map.of("type", "jdbc", "uri", older))) {
                assertThat(catalog.register(mirror)).containsExactly("table archive.trade is registered");
            }
            assertThat(files(theirs.loadTable(TRADE).newScan())).isEqualTo(history.locations("trade"));
            try (Connection connection = DriverManager.getConnection(older)) {
                assertThat(connection.getMetaData().getColumns(null, null, "iceberg_tables", "iceberg_type").next()).as("the database was altered").isFalse();
            }
        }
    }

    @Test
    void aDatabaseWithAnotherTableOfThatNameIsNamed() throws Exception {
        history.archive("trade", 5, "2026-01-05");
        mirror.sync();
        String other = database.replace("jdbc:h2:mem:", "jdbc:h2:mem:other");
        try (Connection connection = DriverManager.getConnection(other); Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE iceberg_tables (id INT)");
        }
        assertThatThrownBy(() -> {
            try (OutsideCatalog catalog = OutsideCatalog.open(Map.of("type", "jdbc", "uri", other))) {
                catalog.register(mirror);
            }
        }).isInstanceOf(IOException.class).hasMessageContaining("catalogue " + other + " refuses or cannot be reached: ").hasMessageContaining("table_namespace");
    }

    @ParameterizedTest
    @ValueSource(strings = {"<html>hello</html>", "{\"version\": 7}", "{\"defaults\": {}, \"overrides\": {}, \"endpoints\": [\"GET /v9/tables\"]}",
        "{\"metadata-location\": \"file:///x\", \"metadata\": {\"format-version\": 99}}"})
    void aServerOfAnotherVersionIsNamed(String answer) throws IOException {
        history.archive("trade", 5, "2026-01-05");
        mirror.sync();
        byte[] bytes = answer.getBytes(StandardCharsets.UTF_8);
        HttpServer other = HttpServer.create(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), 0), 0);
        other.createContext("/", exchange -> {
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            boolean isHead = exchange.getRequestMethod().equals("HEAD");
            exchange.sendResponseHeaders(200, isHead ? -1 : bytes.length);
            if (!isHead) {
                exchange.getResponseBody().write(bytes);
            }
            exchange.close();
        });
        other.start();
        try {
            String address = "http://127.0.0.1:" + other.getAddress().getPort();
            assertThatThrownBy(() -> {
                try (OutsideCatalog catalog = OutsideCatalog.open(Map.of("type", "rest", "uri", address))) {
                    catalog.register(mirror);
                }
            }).isInstanceOf(IOException.class).hasMessageContaining("catalogue " + address + " refuses or cannot be reached: ");
        } finally {
            other.stop(0);
        }
    }

    @Test
    void whoIsFasterWinsAndTheOtherLooksAgain() throws IOException {
        history.archive("trade", 5, "2026-01-05");
        sync(Kind.JDBC);
        history.archive("trade", 6, "2026-01-06");
        mirror.sync();
        Table theirs = others.loadTable(TRADE);
        try (OutsideCatalog catalog = open(Kind.JDBC)) {
            catalog.register(mirror);
        }
        theirs.updateProperties().set("comment", "based on the version before").commit();
        assertShowsTheManifest(TRADE);
        assertThat(others.loadTable(TRADE).properties()).containsEntry("comment", "based on the version before");
        DataFile lost = mirror.open("trade").currentSnapshot().addedDataFiles(new MirrorFileIO()).iterator().next();
        assertThat(lost.recordCount()).isEqualTo(6);
    }
}
