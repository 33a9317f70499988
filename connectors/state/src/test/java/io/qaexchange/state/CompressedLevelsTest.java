package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.state.LsmStateOptions.CompressedLevels;
import java.nio.file.Path;
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

class CompressedLevelsTest {
    private static final int KEYS = 10_000;
    /** Long, and much the same for all keys. */
    private static final String VALUE = "a value that shrinks to next to nothing, ".repeat(5);

    @TempDir
    private Path folder;

    private TestBackend open(CompressedLevels levels, KeyedStateHandle... handles) throws Exception {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(4));
        config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString());
        config.set(LsmStateOptions.COMPRESSED_LEVELS, levels);
        return TestBackend.open(new LsmStateBackend().configure(config, getClass().getClassLoader()), handles);
    }

    private static ValueState<String> value(TestBackend backend) throws Exception {
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                new ValueStateDescriptor<>("value", StringSerializer.INSTANCE));
    }

    /** The rows of state that lies in files. */
    private KeyedStateHandle checkpoint(CompressedLevels levels) throws Exception {
        try (TestBackend backend = open(levels)) {
            ValueState<String> value = value(backend);
            for (int i = 0; i < KEYS; i++) {
                backend.keyed.setCurrentKey("key " + i);
                value.update(VALUE + i);
            }
            ((LsmKeyedStateBackend<String>) backend.keyed).store().engine().flush();
            return backend.finish(1, backend.beginCheckpoint(1));
        }
    }

    @Test
    void stateThatWasJustFlushedIsUploadedCompressed() throws Exception {
        long plain = checkpoint(CompressedLevels.DEEP).getStateSize();
        assertThat(plain).isGreaterThan((long) KEYS * VALUE.length());
        for (CompressedLevels levels : new CompressedLevels[] {CompressedLevels.AUTO, CompressedLevels.ALL}) {
            assertThat(checkpoint(levels).getStateSize()).as(levels.toString()).isLessThan(plain / 4);
        }
    }

    @Test
    void filesOfAnotherSettingStayReadable() throws Exception {
        KeyedStateHandle plain = checkpoint(CompressedLevels.NONE);
        try (TestBackend backend = open(CompressedLevels.AUTO, plain)) {
            ValueState<String> value = value(backend);
            for (int i = 0; i < KEYS; i += 2) {
                backend.keyed.setCurrentKey("key " + i);
                value.update("new " + i);
            }
            ((LsmKeyedStateBackend<String>) backend.keyed).store().engine().flush();
            for (int i = 0; i < KEYS; i++) {
                backend.keyed.setCurrentKey("key " + i);
                assertThat(value.value()).isEqualTo(i % 2 == 0 ? "new " + i : VALUE + i);
            }
        }
    }
}
