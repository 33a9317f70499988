package io.qaexchange.job.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.qaexchange.iceberg.IcebergMirror;
import io.qaexchange.job.server.MirroredArchive;
import io.qaexchange.job.server.security.AuditLog;
import io.qaexchange.job.server.security.Tokens;
import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.apache.iceberg.TableUtil;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.NoSuchTableException;
import org.apache.iceberg.exceptions.NotAuthorizedException;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.InputFile;
import org.apache.iceberg.io.OutputFile;
import org.apache.iceberg.mapping.NameMapping;
import org.apache.iceberg.mapping.NameMappingParser;
import org.apache.iceberg.rest.RESTCatalog;
import org.apache.iceberg.types.Types;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The catalogue as Iceberg's own REST client sees it. */
@Timeout(60)
class IcebergRoutesTest {

    private static final int HADOOP_ENDS = 24;

    private static final Namespace ARCHIVE = Namespace.of("archive");
    private static final TableIdentifier TRADE = TableIdentifier.of(ARCHIVE, "trade");

    @TempDir
    private Path folder;
    private MirroredArchive archive;
    private Server server;
    private final HttpClient http = HttpClient.newHttpClient();

    @BeforeEach
    void start() throws Exception {
        archive = new MirroredArchive(folder.resolve("archive"));
        Path tokens = folder.resolve("tokens.yaml");
        byte[] digest = MessageDigest.getInstance("SHA-256").digest("reader-token".getBytes(StandardCharsets.UTF_8));
        Files.writeString(tokens, "tokens:\n  - user: alice\n    role: reader\n    sha256: " + HexFormat.of().formatHex(digest) + "\n");
        HttpEndpoint endpoint = new HttpEndpoint(Tokens.of(tokens, Clock.systemUTC()), new HttpMetrics(), AuditLog.inMemory());
        new IcebergRoutes(archive::store, null).addTo(endpoint);
        server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(endpoint);
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        server.stop();
    }

    /** Iceberg's client opens files by Hadoop's, which does not run on JDK 24 and later: clients there name another way, as here. */
    public static final class LocalFileIO implements FileIO {
        private static final long serialVersionUID = 1L;

        @Override
        public InputFile newInputFile(String location) {
            return org.apache.iceberg.Files.localInput(new File(URI.create(location)));
        }

        @Override
        public OutputFile newOutputFile(String location) {
            throw new UnsupportedOperationException("the catalogue is read only");
        }

        @Override
        public void deleteFile(String location) {
            throw new UnsupportedOperationException("the catalogue is read only");
        }
    }

    private String uri() {
        return "http://127.0.0.1:" + ((ServerConnector) server.getConnectors()[0]).getLocalPort() + "/iceberg";
    }

    private RESTCatalog catalog(String token, String... more) {
        Map<String, String> properties = new HashMap<>(Map.of(CatalogProperties.URI, uri(), "token", token));
        for (int i = 0; i < more.length; i += 2) {
            properties.put(more[i], more[i + 1]);
        }
        if (Runtime.version().feature() >= HADOOP_ENDS) {
            properties.put(CatalogProperties.FILE_IO_IMPL, LocalFileIO.class.getName());
        }
        RESTCatalog catalog = new RESTCatalog();
        catalog.initialize("archive", properties);
        return catalog;
    }

    @Test
    void listsAndLoadsTheTablesThatTheMirrorHas() throws Exception {
        archive.archive("trade");
        archive.archive("trade");
        archive.archive("tick");
        IcebergMirror.of(archive.store()).sync();
        try (RESTCatalog catalog = catalog("reader-token")) {
            assertThat(catalog.listNamespaces()).containsExactly(ARCHIVE, Namespace.of("archive_long"), Namespace.of("archive_ns"));
            assertThat(catalog.namespaceExists(ARCHIVE)).isTrue();
            assertThat(catalog.namespaceExists(Namespace.of("other"))).isFalse();
            assertThat(catalog.listTables(ARCHIVE)).containsExactly(TableIdentifier.of(ARCHIVE, "tick"), TRADE);
            assertThat(catalog.tableExists(TRADE)).isTrue();
            assertThat(catalog.tableExists(TableIdentifier.of(ARCHIVE, "trad"))).isFalse();

            Table table = catalog.loadTable(TRADE);

            Table own = IcebergMirror.of(archive.store()).open("trade");
            assertThat(table.schema().sameSchema(own.schema())).isTrue();
            assertThat(table.currentSnapshot().snapshotId()).isEqualTo(own.currentSnapshot().snapshotId());
            assertThat(table.currentSnapshot().summary()).containsEntry("total-records", "2");
            assertThat(files(table)).isEqualTo(files(own)).hasSize(2);

            Table snapshots = catalog.loadTable(TableIdentifier.of(Namespace.of("archive", "trade"), "snapshots"));
            assertThat(snapshots.schema().findField("committed_at")).as("a metadata table, as Spark's archive.trade.snapshots").isNotNull();

            archive.archive("trade");
            IcebergMirror.of(archive.store()).sync();
            table.refresh();
            assertThat(files(table)).as("what the mirror committed since").hasSize(3);
        }
    }

    @Test
    void showsNanosecondsAsANumberOrAsATimeInNamespacesOfTheirOwn() throws Exception {
        archive.archive("trade");
        IcebergMirror.of(archive.store()).sync();
        try (RESTCatalog catalog = catalog("reader-token")) {
            Table plain = catalog.loadTable(TRADE);
            Table numbers = catalog.loadTable(TableIdentifier.of("archive_long", "trade"));
            Table times = catalog.loadTable(TableIdentifier.of("archive_ns", "trade"));

            assertThat(plain.schema().findField("event_time")).isNull();
            assertThat(plain.schema().findField("event_time_ns")).isNull();
            assertThat(numbers.schema().findType("event_time_ns")).hasToString("long");
            assertThat(numbers.schema().findType("ingest_time_ns")).hasToString("long");
            assertThat(times.schema().findType("event_time")).hasToString("timestamptz_ns");
            assertThat(times.schema().findType("ingest_time")).hasToString("timestamptz_ns");
            assertThat(TableUtil.formatVersion(plain)).as("Spark and all others").isEqualTo(2);
            assertThat(TableUtil.formatVersion(numbers)).as("Spark and all others").isEqualTo(2);
            assertThat(TableUtil.formatVersion(times)).isEqualTo(3);
            for (Table view : List.of(numbers, times)) {
                assertThat(files(view)).isEqualTo(files(plain));
                assertThat(view.uuid()).isNotEqualTo(plain.uuid());
                assertThat(view.schemas().values()).as("a snapshot is read with the schema of its time").allMatch(schema -> schema.findField(100_001) != null);
                NameMapping names = NameMappingParser.fromJson(view.properties().get("schema.name-mapping.default"));
                assertThat(names.find("event_time").id()).isEqualTo(100_001);
                assertThat(names.find("ingest_time").id()).isEqualTo(100_002);
            }
            archive.archive("trade");
            IcebergMirror.of(archive.store()).sync();
            times.refresh();
            assertThat(files(times)).hasSize(2);
        }
        String etag = get("/v1/namespaces/archive_ns/tables/trade", "reader-token").headers().firstValue("ETag").orElseThrow();
        assertThat(get("/v1/namespaces/archive/tables/trade", "reader-token").headers().firstValue("ETag")).as("clients keep answers by it").isPresent()
                .isNotEqualTo(java.util.Optional.of(etag));
    }

    @Test
    void givesSnapshotsOfBranchesFirstIfTheClientAsksForThose() throws Exception {
        for (int i = 0; i < 3; i++) {
            archive.archive("trade");
        }
        IcebergMirror.of(archive.store()).sync();
        try (RESTCatalog catalog = catalog("reader-token", "snapshot-loading-mode", "refs")) {
            Table table = catalog.loadTable(TRADE);

            assertThat(table.currentSnapshot()).isNotNull();
            assertThat(table.snapshots()).as("the others are asked for when they are needed").hasSize(3);
            for (Snapshot snapshot : table.snapshots()) {
                assertThat(table.newScan().useSnapshot(snapshot.snapshotId()).schema()).isNotNull();
            }
        }
        JsonNode some = Exchange.JSON.readTree(get("/v1/namespaces/archive/tables/trade?snapshots=refs", "reader-token").body());
        assertThat(some.path("metadata").path("snapshots")).hasSize(1);
    }

    @Test
    void refusesEveryChange() throws Exception {
        archive.archive("trade");
        IcebergMirror.of(archive.store()).sync();
        try (RESTCatalog catalog = catalog("reader-token")) {
            Table table = catalog.loadTable(TRADE);
            assertThatThrownBy(() -> table.updateProperties().set("a", "b").commit()).isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> catalog.createTable(TableIdentifier.of(ARCHIVE, "other"), new Schema(Types.NestedField.optional(1, "a", Types.LongType.get()))))
                    .isInstanceOf(UnsupportedOperationException.class);
            assertThatThrownBy(() -> catalog.dropTable(TRADE, true)).isInstanceOf(UnsupportedOperationException.class);
        }
        HttpResponse<String> direct = http.send(HttpRequest.newBuilder(URI.create(uri() + "/v1/namespaces/archive/tables/trade"))
                .header("Authorization", "Bearer reader-token").POST(HttpRequest.BodyPublishers.ofString("{}")).build(), HttpResponse.BodyHandlers.ofString());
        assertThat(direct.statusCode()).isEqualTo(405);
        assertThat(direct.body()).contains("read-only");
        assertThat(IcebergMirror.of(archive.store()).status().isCurrent()).isTrue();
    }

    @Test
    void errorsAreThoseOfTheSpecification() throws Exception {
        try (RESTCatalog catalog = catalog("reader-token")) {
            assertThatThrownBy(() -> catalog.loadTable(TRADE)).isInstanceOf(NoSuchTableException.class).hasMessageContaining("bin/serve with --iceberg");
            assertThat(catalog.listTables(ARCHIVE)).isEmpty();
        }
        assertThatThrownBy(() -> catalog("wrong")).isInstanceOf(NotAuthorizedException.class).hasMessageContaining("a valid token is needed");
        for (String path : List.of("/v1/namespaces/archive/tables/%2e%2e", "/v1/namespaces/archive/tables/..%2f_manifest", "/v1/namespaces/archive/views/x", "/v2/x")) {
            HttpResponse<String> answer = get(path, "reader-token");
            assertThat(answer.statusCode()).as(path).isIn(400, 404);
        }
        assertThat(get("/v1/config", null).statusCode()).isEqualTo(401);
        archive.archive("trade");
        IcebergMirror.of(archive.store()).sync();
        assertThat(get("/v1/namespaces/archive/tables/trade?snapshots=some", "reader-token").statusCode()).isEqualTo(400);
    }

    private HttpResponse<String> get(String path, String token) throws Exception {
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(uri() + path));
        if (token != null) {
            request.header("Authorization", "Bearer " + token);
        }
        return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private static List<String> files(Table table) throws Exception {
        try (var tasks = table.newScan().planFiles()) {
            List<String> files = new java.util.ArrayList<>();
            tasks.forEach(task -> files.add(task.file().location()));
            return files.stream().sorted().toList();
        }
    }
}
