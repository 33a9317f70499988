package io.qaexchange.job.server.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.job.server.FlightRig;
import java.util.HashMap;
import java.util.Map;
import org.apache.arrow.adbc.core.AdbcConnection;
import org.apache.arrow.adbc.core.AdbcDatabase;
import org.apache.arrow.adbc.core.AdbcDriver;
import org.apache.arrow.adbc.core.AdbcException;
import org.apache.arrow.adbc.core.AdbcStatement;
import org.apache.arrow.adbc.driver.flightsql.FlightSqlDriver;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowReader;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** ADBC for Java over the Flight SQL door. */
@Timeout(120)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FlightAdbcTest {

    private FlightRig rig;
    private BufferAllocator allocator;

    @BeforeAll
    void start() throws Exception {
        rig = FlightRig.start();
        allocator = new RootAllocator();
    }

    @AfterAll
    void stop() {
        allocator.close();
        rig.close();
    }

    private AdbcDatabase database() throws AdbcException {
        Map<String, Object> parameters = new HashMap<>();
        AdbcDriver.PARAM_URI.set(parameters, "grpc+tcp://127.0.0.1:" + rig.port());
        AdbcDriver.PARAM_USERNAME.set(parameters, "alice");
        AdbcDriver.PARAM_PASSWORD.set(parameters, "none");
        return new FlightSqlDriver(allocator).open(parameters);
    }

    @Test
    void statementsAndParametersWork() throws Exception {
        try (AdbcDatabase database = database(); AdbcConnection connection = database.connect(); AdbcStatement statement = connection.createStatement()) {
            statement.setSqlQuery("SELECT i FROM range(100000) r(i)");
            long sum = 0;
            try (AdbcStatement.QueryResult result = statement.executeQuery()) {
                ArrowReader reader = result.getReader();
                while (reader.loadNextBatch()) {
                    BigIntVector numbers = (BigIntVector) reader.getVectorSchemaRoot().getVector(0);
                    for (int row = 0; row < numbers.getValueCount(); row++) {
                        sum += numbers.get(row);
                    }
                }
            }
            assertThat(sum).isEqualTo(99_999L * 50_000);
            statement.setSqlQuery("SELECT count(*) FROM range(100) r(i) WHERE i < ?");
            statement.prepare();
            try (BigIntVector value = new BigIntVector("v", allocator); VectorSchemaRoot values = VectorSchemaRoot.of(value)) {
                value.setSafe(0, 42);
                values.setRowCount(1);
                statement.bind(values);
                try (AdbcStatement.QueryResult result = statement.executeQuery()) {
                    assertThat(result.getReader().loadNextBatch()).isTrue();
                    assertThat(result.getReader().getVectorSchemaRoot().getVector(0).getObject(0)).isEqualTo(42L);
                }
            }
        }
        try (AdbcDatabase database = database(); AdbcConnection connection = database.connect(); AdbcStatement statement = connection.createStatement()) {
            statement.setSqlQuery("DELETE FROM trade");
            assertThatThrownBy(statement::executeQuery).isInstanceOf(AdbcException.class).hasMessageContaining("does more than read");
        }
    }

    @Test
    void metadataIsThere() throws Exception {
        try (AdbcDatabase database = database(); AdbcConnection connection = database.connect()) {
            // Depth ALL needs a class that Arrow's JDBC driver, beside it on this class path, has in another form.
            try (ArrowReader tables = connection.getObjects(AdbcConnection.GetObjectsDepth.TABLES, null, null, "trade", null, null)) {
                assertThat(tables.loadNextBatch()).isTrue();
                assertThat(tables.getVectorSchemaRoot().contentToTSVString()).contains("qaexchange").contains("public").contains("trade");
            }
            try (ArrowReader info = connection.getInfo()) {
                // The driver's reader wants its root to be asked for before the first batch.
                assertThat(info.getVectorSchemaRoot().getSchema().getFields()).hasSize(2);
                assertThat(info.loadNextBatch()).isTrue();
            }
        }
    }
}
