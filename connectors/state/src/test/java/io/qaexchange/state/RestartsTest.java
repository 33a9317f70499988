package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A task that is restored a thousand times in one process leaves nothing behind: no memory, thread, mapping or file. */
class RestartsTest {
    private static final int RESTARTS = 1_000;
    private static final int WARM = 300;
    private static final long ALLOWED_GROWTH_BYTES = 48 << 20;

    @TempDir
    Path folder;

    @Test
    void nothingIsLeftAfterAThousandRestarts() throws Exception {
        KeyedStateHandle handle = null;
        long warm = 0;
        for (int restart = 0; restart < RESTARTS; restart++) {
            try (TestBackend backend = handle == null ? TestBackend.open(backend()) : TestBackend.open(backend(), handle)) {
                ValueState<String> value = backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                        new ValueStateDescriptor<>("value", StringSerializer.INSTANCE));
                for (int i = 0; i < 100; i++) {
                    backend.keyed.setCurrentKey("key " + i * 31 % 3_000);
                    value.update("value " + restart + "-".repeat(100));
                    assertThat(value.value()).startsWith("value");
                }
                if (restart % 10 == 0) {
                    // Files, so that they are mapped.
                    ((LsmKeyedStateBackend<String>) backend.keyed).store().engine().flush();
                    backend.keyed.setCurrentKey("key 0");
                    value.value();
                }
                handle = backend.finish(restart, backend.beginCheckpoint(restart));
            }
            if (restart == WARM) {
                warm = anonymousBytes();
            }
        }
        assertThat(anonymousBytes() - warm).as("growth of anonymous memory over %s restarts", RESTARTS - WARM).isLessThan(ALLOWED_GROWTH_BYTES);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
        assertThat(Files.readAllLines(Path.of("/proc/self/maps"))).noneMatch(line -> line.contains(folder.toString()));
        assertThat(Thread.getAllStackTraces().keySet().stream().filter(Thread::isAlive).map(Thread::getName)
                .filter(name -> name.startsWith("lsm-state")).count()).isLessThanOrEqualTo(2);
    }

    private LsmStateBackend backend() {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(4));
        config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString());
        return new LsmStateBackend().configure(config, getClass().getClassLoader());
    }

    /** Without what the heap has taken from the system since it may grow up to its limit. */
    private static long anonymousBytes() throws IOException {
        System.gc();
        List<String> status = Files.readAllLines(Path.of("/proc/self/status"));
        long anonymous = status.stream().filter(line -> line.startsWith("RssAnon:")).mapToLong(RestartsTest::kilobytes).sum() * 1024;
        return anonymous - Runtime.getRuntime().totalMemory();
    }

    private static long kilobytes(String line) {
        return Long.parseLong(line.replaceAll("\\D", ""));
    }
}
