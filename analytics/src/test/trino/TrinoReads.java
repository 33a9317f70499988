import io.trino.Session;
import io.trino.plugin.iceberg.IcebergPlugin;
import io.trino.testing.DistributedQueryRunner;
import io.trino.testing.MaterializedRow;
import io.trino.testing.QueryRunner;
import io.trino.testing.TestingSession;
import java.util.Map;

/** Trino in this process, with one catalogue of our REST catalogue: TrinoReads URI SQL… prints the rows of each query. */
public final class TrinoReads {
    public static void main(String[] args) throws Exception {
        Session session = TestingSession.testSessionBuilder().setCatalog("qa").setSchema("archive").build();
        try (QueryRunner runner = DistributedQueryRunner.builder(session).setWorkerCount(0).build()) {
            runner.installPlugin(new IcebergPlugin());
            runner.createCatalog("qa", "iceberg", Map.of("iceberg.catalog.type", "rest", "iceberg.rest-catalog.uri", args[0],
                    "fs.hadoop.enabled", "false", "fs.native-local.enabled", "true", "local.location", "/"));
            for (int i = 1; i < args.length; i++) {
                for (MaterializedRow row : runner.execute(args[i]).getMaterializedRows()) {
                    System.out.println("trino: " + row.getFields());
                }
            }
        }
    }
}
