import java.util.Map;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.FlightCallHeaders;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.FlightStream;
import org.apache.arrow.flight.HeaderCallOption;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.sql.FlightSqlClient;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.TimeStampNanoTZVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/** The newest trade of a running job, with Arrow's Java client (org.apache.arrow:flight-sql): java --add-opens=java.base/java.nio=ALL-UNNAMED … ConnectFlight.java [PORT] */
public class ConnectFlight {

    public static void main(String[] args) throws Exception {
        int port = args.length > 0 ? Integer.parseInt(args[0]) : 8091;
        try (BufferAllocator allocator = new RootAllocator();
                FlightSqlClient client = new FlightSqlClient(FlightClient.builder(allocator, Location.forGrpcInsecure("127.0.0.1", port)).build())) {
            CallHeaders headers = new FlightCallHeaders();
            headers.insert("qaexchange-level", "live");
            FlightInfo info = client.execute("SELECT instrument, event_time FROM trade ORDER BY event_time DESC LIMIT 1", new HeaderCallOption(headers));
            try (FlightStream stream = client.getStream(info.getEndpoints().get(0).getTicket())) {
                // The level, and what the rows are as of.
                Map<String, String> moment = stream.getSchema().getCustomMetadata();
                System.out.println("level " + moment.get("qaexchange.level") + ", pinned to " + moment.get("qaexchange.pinned-to"));
                while (stream.next()) {
                    VectorSchemaRoot rows = stream.getRoot();
                    for (int row = 0; row < rows.getRowCount(); row++) {
                        System.out.println("newest trade " + ((VarCharVector) rows.getVector("instrument")).getObject(row) + " "
                                + ((TimeStampNanoTZVector) rows.getVector("event_time")).get(row) + " ns since 1970");
                    }
                }
            }
        }
    }
}
