import io.trino.Session;
import io.trino.plugin.iceberg.IcebergPlugin;
import io.trino.testing.DistributedQueryRunner;
import io.trino.testing.MaterializedRow;
import io.trino.testing.QueryRunner;
import io.trino.testing.TestingSession;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Trino in this process, with our REST catalogue as {@code qa}: {@code TrinoReads URI FILE SQL…} writes the rows of each query to the file, one a line, or
 * why it was refused.
 */
public final class TrinoReads {

    private TrinoReads() {
    }

    /** Runs it. */
    public static void main(String[] args) throws Exception {
        Session session = TestingSession.testSessionBuilder().setCatalog("qa").setSchema("archive").build();
        try (QueryRunner runner = DistributedQueryRunner.builder(session).setWorkerCount(0).build();
                PrintWriter out = new PrintWriter(Files.newBufferedWriter(Path.of(args[1]), StandardCharsets.UTF_8))) {
            runner.installPlugin(new IcebergPlugin());
            // As docs/analytics.md says.
            runner.createCatalog("qa", "iceberg", Map.of("iceberg.catalog.type", "rest", "iceberg.rest-catalog.uri", args[0], "fs.local.enabled", "true",
                    "local.location", "/"));
            for (int i = 2; i < args.length; i++) {
                try {
                    for (MaterializedRow row : runner.execute(args[i]).getMaterializedRows()) {
                        out.println(row.getFields());
                    }
                } catch (RuntimeException e) {
                    out.println("refused: " + e.getMessage());
                }
            }
        }
    }
}
