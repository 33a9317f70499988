import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;

/**
 * The newest trade of a running job, with Arrow's JDBC driver (org.apache.arrow:flight-sql-jdbc-driver):
 * java --add-opens=java.base/java.nio=ALL-UNNAMED … ConnectFlightJdbc.java [PORT]
 */
public class ConnectFlightJdbc {

    public static void main(String[] args) throws Exception {
        String url = "jdbc:arrow-flight-sql://127.0.0.1:" + (args.length > 0 ? args[0] : "8091") + "/?useEncryption=false&qaexchange-level=live";
        // The driver shifts times by the zone of this machine: take them as text or as nanoseconds.
        try (Connection connection = DriverManager.getConnection(url); Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT instrument, CAST(event_time AS VARCHAR) AS t, epoch_ns(event_time) AS ns FROM trade ORDER BY event_time DESC LIMIT 1")) {
            while (rows.next()) {
                System.out.println("newest trade " + rows.getString("instrument") + " " + rows.getString("t") + " " + rows.getLong("ns"));
            }
        }
    }
}
