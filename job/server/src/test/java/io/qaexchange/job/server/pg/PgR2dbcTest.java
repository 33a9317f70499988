package io.qaexchange.job.server.pg;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.server.PgRig;
import io.r2dbc.postgresql.PostgresqlConnectionConfiguration;
import io.r2dbc.postgresql.PostgresqlConnectionFactory;
import io.r2dbc.postgresql.api.PostgresqlConnection;
import io.r2dbc.postgresql.api.PostgresqlResult;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** r2dbc-postgresql asks. */
@Timeout(120)
class PgR2dbcTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @Test
    void parametersResultsAndFetchSizesWork() throws Exception {
        try (PgRig rig = PgRig.start()) {
            PostgresqlConnection connection = new PostgresqlConnectionFactory(PostgresqlConnectionConfiguration.builder().host("127.0.0.1").port(rig.port())
                    .username("alice").database("qaexchange").build()).create().block(PATIENCE);
            try {
                OffsetDateTime time = OffsetDateTime.of(2026, 3, 8, 7, 0, 0, 123_456_000, ZoneOffset.UTC);
                OffsetDateTime back = connection.createStatement("SELECT $1::TIMESTAMPTZ").bind("$1", time).execute()
                        .flatMap(result -> result.map((row, data) -> row.get(0, OffsetDateTime.class))).blockFirst(PATIENCE);
                assertThat(back.toInstant()).isEqualTo(time.toInstant());
                List<Long> rows = connection.createStatement("SELECT i FROM range($1) t(i)").bind("$1", 10_000L).fetchSize(100).execute()
                        .flatMap(result -> result.map((row, data) -> row.get(0, Long.class))).collectList().block(PATIENCE);
                assertThat(rows).hasSize(10_000).startsWith(0L).endsWith(9_999L);
                List<String> tables = connection.createStatement("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'").execute()
                        .flatMap((PostgresqlResult result) -> result.map((row, data) -> row.get(0, String.class))).collectList().block(PATIENCE);
                assertThat(tables).contains("trade", "tick");
            } finally {
                connection.close().block(PATIENCE);
            }
        }
    }
}
