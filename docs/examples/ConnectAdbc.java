import java.util.HashMap;
import java.util.Map;
import org.apache.arrow.adbc.core.AdbcConnection;
import org.apache.arrow.adbc.core.AdbcDatabase;
import org.apache.arrow.adbc.core.AdbcDriver;
import org.apache.arrow.adbc.core.AdbcStatement;
import org.apache.arrow.adbc.driver.flightsql.FlightSqlDriver;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.ipc.ArrowReader;

/** The newest trade of a running job, with ADBC (org.apache.arrow.adbc:adbc-driver-flight-sql): java --add-opens=java.base/java.nio=ALL-UNNAMED … ConnectAdbc.java [PORT] */
public class ConnectAdbc {

    public static void main(String[] args) throws Exception {
        Map<String, Object> parameters = new HashMap<>();
        AdbcDriver.PARAM_URI.set(parameters, "grpc+tcp://127.0.0.1:" + (args.length > 0 ? args[0] : "8091"));
        try (BufferAllocator allocator = new RootAllocator(); AdbcDatabase database = new FlightSqlDriver(allocator).open(parameters);
                AdbcConnection connection = database.connect(); AdbcStatement statement = connection.createStatement()) {
            statement.setSqlQuery("SELECT instrument, event_time, price FROM trade ORDER BY event_time DESC LIMIT 1");
            try (AdbcStatement.QueryResult result = statement.executeQuery()) {
                ArrowReader rows = result.getReader();
                while (rows.loadNextBatch()) {
                    System.out.println("newest trade\n" + rows.getVectorSchemaRoot().contentToTSVString());
                }
            }
        }
    }
}
