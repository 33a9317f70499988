package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.flink.runtime.testutils.CommonTestUtils;

/** Files and threads that a backend must not leave behind. */
final class Leftovers {
    private Leftovers() {
    }

    /** No file, no mapping, and soon no thread. @param local where backends have their folders */
    static void requireNone(Path local) throws Exception {
        if (Files.exists(local)) {
            try (Stream<Path> left = Files.walk(local)) {
                assertThat(left.filter(file -> !file.equals(local))).isEmpty();
            }
        }
        assertThat(Files.readAllLines(Path.of("/proc/self/maps"))).noneMatch(line -> line.contains(local.toString()));
        // Their pool has been told to end.
        CommonTestUtils.waitUntilCondition(() -> Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.isAlive() && thread.getName().startsWith("lsm-state")), 10L, 500);
    }

    /** Nothing that a failed checkpoint has uploaded. */
    static void requireNoFiles(Path folder) throws Exception {
        try (Stream<Path> left = Files.walk(folder)) {
            assertThat(left.filter(Files::isRegularFile)).isEmpty();
        }
    }
}
