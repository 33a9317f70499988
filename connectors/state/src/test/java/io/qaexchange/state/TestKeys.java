package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.SplittableRandom;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;

/** More keys of one value state than a memtable of the smallest backend holds. Stateless. */
final class TestKeys {
    private static final int KEYS = 5_000;

    private TestKeys() {
    }

    /** A backend with a megabyte of memory, whose files are on the disk. @param local where they are */
    static LsmStateBackend smallBackend(TestDisk disk, Path local) {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(1));
        config.set(LsmStateOptions.LOCAL_DIRECTORY, local.toString());
        return new LsmStateBackend().withFiles(() -> disk).configure(config, TestKeys.class.getClassLoader());
    }

    private static ValueState<String> value(TestBackend backend) throws Exception {
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                new ValueStateDescriptor<>("value", StringSerializer.INSTANCE));
    }

    static void write(TestBackend backend, String text) throws Exception {
        ValueState<String> value = value(backend);
        for (int i = 0; i < KEYS; i++) {
            backend.keyed.setCurrentKey("key " + i);
            value.update(text + padding(i));
        }
    }

    /** Every key has what was written. */
    static void check(TestBackend backend, String text) throws Exception {
        ValueState<String> value = value(backend);
        for (int i = 0; i < KEYS; i++) {
            backend.keyed.setCurrentKey("key " + i);
            assertThat(value.value()).isEqualTo(text + padding(i));
        }
    }

    /** Fifty characters that do not compress well, so that files are as large as what is written. */
    private static String padding(int key) {
        SplittableRandom random = new SplittableRandom(key);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 50; i++) {
            text.append((char) random.nextInt(' ', '~'));
        }
        return text.toString();
    }
}
