package io.qaexchange.job.server.pg;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.server.PgRig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A large result with a fetch size: the memory of server and client, which is one process here, stays flat. */
@Timeout(1_800)
class PgMemoryTest {

    private static final long ROWS = Long.getLong("pg.memory.rows", 5_000_000);
    private static final long MAX_GROWTH_MB = 300;

    @Test
    void memoryDoesNotGrowWithTheResult() throws Exception {
        try (PgRig rig = PgRig.start(); Connection connection = DriverManager.getConnection(rig.url("&prepareThreshold=-1"))) {
            connection.setAutoCommit(false);
            try (Statement statement = connection.createStatement()) {
                statement.setFetchSize(10_000);
                long beganNs = System.nanoTime();
                try (ResultSet rows = statement.executeQuery("SELECT i, i * 0.5 AS price, 'SHFE.rb2601' AS instrument, TIMESTAMPTZ '2026-01-05 01:30:00Z' + to_microseconds(i) AS t, "
                        + "i % 100 AS volume FROM range(" + ROWS + ") r(i)")) {
                    long at = 0;
                    long early = 0;
                    while (rows.next()) {
                        assertThat(rows.getLong(1)).isEqualTo(at++);
                        if (at == ROWS / 5) {
                            early = residentMb();
                        }
                    }
                    assertThat(at).isEqualTo(ROWS);
                    long late = residentMb();
                    System.out.printf("pg memory: %,d rows in %.1f s, resident %d MB after a fifth, %d MB at the end%n", ROWS, (System.nanoTime() - beganNs) / 1e9, early, late);
                    assertThat(late - early).as("growth in MB").isLessThan(MAX_GROWTH_MB);
                }
            }
        }
    }

    private static long residentMb() throws Exception {
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("VmRSS:")) {
                return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
            }
        }
        return 0;
    }
}
