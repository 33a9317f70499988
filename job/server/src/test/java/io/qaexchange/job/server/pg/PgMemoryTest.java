package io.qaexchange.job.server.pg;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.server.PgRig;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A large result with a fetch size, read in a process of its own with a small heap: its memory stays flat. Server and client are one process there.
 *
 * <p>A heap without a tight limit grows until it must be collected, whatever is held: that was the growth from 481 to 664 MB of an older form of this test.
 */
@Timeout(3_600)
class PgMemoryTest {

    private static final long ROWS = Long.getLong("pg.memory.rows", 2_000_000);
    private static final int HEAP_MB = 96;
    private static final int PARTS = 10;
    /** Growth of resident memory between a tenth and the end; classes and compiled code of the first rows come before. */
    private static final long MAX_GROWTH_MB = 48;

    @Test
    void memoryDoesNotGrowWithTheResult() throws Exception {
        List<String> command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xmx" + HEAP_MB + "m", "-Xms" + HEAP_MB + "m",
                "-XX:+UseSerialGC", "-XX:+AlwaysPreTouch", "-XX:MaxDirectMemorySize=64m", "-XX:TieredStopAtLevel=1", "-Dpg.memory.rows=" + ROWS, "-cp", System.getProperty("java.class.path")));
        ManagementFactory.getRuntimeMXBean().getInputArguments().stream().filter(argument -> argument.startsWith("--add-opens")).forEach(command::add);
        command.add(Reading.class.getName());
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().filter(line -> line.startsWith("memory ")).toList();
        assertThat(process.waitFor()).isZero();
        lines.forEach(line -> System.out.println("pg memory: " + line));
        assertThat(lines).hasSize(PARTS);
        assertThat(residentMb(lines.get(PARTS - 1)) - residentMb(lines.get(0))).as("growth of resident memory in MB").isLessThan(MAX_GROWTH_MB);
    }

    private static long residentMb(String line) {
        return Long.parseLong(line.replaceAll(".*resident=(\\d+).*", "$1"));
    }

    /** Reads the rows, and tells its memory after each tenth. */
    static final class Reading {

        private Reading() {
        }

        public static void main(String[] args) throws Exception {
            try (PgRig rig = PgRig.start(); Connection connection = DriverManager.getConnection(rig.url("&prepareThreshold=-1"))) {
                connection.setAutoCommit(false);
                try (Statement statement = connection.createStatement()) {
                    statement.setFetchSize(10_000);
                    long beganNs = System.nanoTime();
                    long at = 0;
                    try (ResultSet rows = statement.executeQuery("SELECT i, i * 0.5 AS price, 'SHFE.rb2601' AS instrument, TIMESTAMPTZ '2026-01-05 01:30:00Z' + to_microseconds(i) AS t, "
                            + "i % 100 AS volume FROM range(" + ROWS + ") r(i)")) {
                        while (rows.next()) {
                            if (rows.getLong(1) != at++) {
                                throw new IllegalStateException("row " + at + " is " + rows.getLong(1));
                            }
                            if (at % (ROWS / PARTS) == 0) {
                                tell(at, beganNs);
                            }
                        }
                    }
                    if (at != ROWS) {
                        throw new IllegalStateException(at + " rows");
                    }
                }
            }
        }

        private static void tell(long rows, long beganNs) throws Exception {
            long direct = ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream().mapToLong(BufferPoolMXBean::getMemoryUsed).sum();
            System.out.printf("memory rows=%d seconds=%.1f resident=%d direct=%d heap=%d MB%n", rows, (System.nanoTime() - beganNs) / 1e9, resident(), direct >> 20,
                    Runtime.getRuntime().totalMemory() >> 20);
        }

        private static long resident() throws Exception {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith("VmRSS:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) >> 10;
                }
            }
            return 0;
        }
    }
}
