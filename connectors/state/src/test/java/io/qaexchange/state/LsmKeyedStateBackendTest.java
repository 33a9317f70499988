package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.state.store.StateStore;
import io.qaexchange.storage.StoreOptions.ReadMode;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.RunnableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.util.FileUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Timeout(60)
class LsmKeyedStateBackendTest {
    private static final ValueStateDescriptor<String> VALUE = new ValueStateDescriptor<>("value", String.class);
    private static final ListStateDescriptor<String> LIST = new ListStateDescriptor<>("list", String.class);
    private static final MapStateDescriptor<Integer, String> MAP = new MapStateDescriptor<>("map", Integer.class, String.class);

    @TempDir
    Path folder;

    private LsmStateBackend fixed(long bytes) {
        return fixed(bytes, ReadMode.MMAP);
    }

    private LsmStateBackend fixed(long bytes, ReadMode readMode) {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.READ_MODE, readMode);
        config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString());
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, new MemorySize(bytes));
        return new LsmStateBackend().configure(config, getClass().getClassLoader());
    }

    private static <S extends State> S state(TestBackend backend, StateDescriptor<S, ?> descriptor) throws Exception {
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    @Test
    void checkpointHoldsItsMomentWhateverIsWrittenWhileItRuns() throws Exception {
        KeyedStateHandle handle;
        try (TestBackend backend = TestBackend.open(fixed(1 << 20))) {
            ValueState<String> value = state(backend, VALUE);
            for (int i = 0; i < 5_000; i++) {
                backend.keyed.setCurrentKey("key " + i);
                value.update("before " + i);
            }
            RunnableFuture<SnapshotResult<KeyedStateHandle>> checkpoint = backend.beginCheckpoint(1);
            Thread writer = new Thread(checkpoint);
            writer.start();
            for (int i = 0; i < 40_000; i++) {
                backend.keyed.setCurrentKey("key " + i % 8_000);
                if (i % 5 == 4) {
                    value.clear();
                } else {
                    value.update("after " + i);
                }
            }
            writer.join();
            handle = checkpoint.get().getJobManagerOwnedSnapshot();
        }
        try (TestBackend backend = TestBackend.open(fixed(4 << 20), handle)) {
            ValueState<String> value = state(backend, VALUE);
            for (int i = 0; i < 8_000; i++) {
                backend.keyed.setCurrentKey("key " + i);
                assertThat(value.value()).isEqualTo(i < 5_000 ? "before " + i : null);
            }
        }
    }

    /** Flink interrupts the thread that writes an aborted checkpoint; whatever that thread was reading, the task reads it too. */
    @ParameterizedTest
    @EnumSource(ReadMode.class)
    void abortedCheckpointLeavesTheStateReadable(ReadMode readMode) throws Exception {
        try (TestBackend backend = TestBackend.open(fixed(1 << 20, readMode))) {
            MapState<Integer, String> map = state(backend, MAP);
            backend.keyed.setCurrentKey("key");
            for (int i = 0; i < 40_000; i++) {
                map.put(i, "value " + i);
            }
            for (int attempt = 0; attempt < 3; attempt++) {
                RunnableFuture<SnapshotResult<KeyedStateHandle>> checkpoint = backend.beginCheckpoint(attempt);
                Thread writer = new Thread(() -> {
                    Thread.currentThread().interrupt();
                    checkpoint.run();
                });
                writer.start();
                map.put(attempt, "value " + attempt);
                writer.join();
                for (int i = 0; i < 40_000; i++) {
                    assertThat(map.get(i)).isEqualTo("value " + i);
                }
            }
            RunnableFuture<SnapshotResult<KeyedStateHandle>> cancelled = backend.beginCheckpoint(8);
            cancelled.cancel(true);
            assertThat(backend.finish(9, backend.beginCheckpoint(9))).isNotNull();
        }
    }

    @Test
    void stateThatIsNeverRegisteredIsCarriedAlong() throws Exception {
        KeyedStateHandle handle;
        try (TestBackend backend = TestBackend.open(fixed(1 << 20))) {
            backend.keyed.setCurrentKey("key");
            state(backend, VALUE).update("kept");
            state(backend, LIST).addAll(List.of("a", "b"));
            handle = backend.finish(1, backend.beginCheckpoint(1));
        }
        for (int restart = 0; restart < 3; restart++) {
            try (TestBackend backend = TestBackend.open(fixed(1 << 20), handle)) {
                backend.keyed.setCurrentKey("key");
                state(backend, MAP).put(restart, "new");
                handle = restart == 2 ? backend.savepoint() : backend.finish(restart + 2, backend.beginCheckpoint(restart + 2));
            }
        }
        try (TestBackend backend = TestBackend.open(new HashMapStateBackend(), handle)) {
            backend.keyed.setCurrentKey("key");
            assertThat(state(backend, VALUE).value()).isEqualTo("kept");
            assertThat(state(backend, LIST).get()).containsExactly("a", "b");
            assertThat(state(backend, MAP).keys()).containsExactlyInAnyOrder(0, 1, 2);
        }
    }

    @Test
    void keyGroupsAreSharedOutAndJoinedAgain() throws Exception {
        KeyedStateHandle whole;
        try (TestBackend backend = TestBackend.open(fixed(1 << 20))) {
            ListState<String> list = state(backend, LIST);
            for (int i = 0; i < 1_000; i++) {
                backend.keyed.setCurrentKey("key " + i);
                list.add("one");
                list.add("two " + i);
            }
            whole = backend.finish(1, backend.beginCheckpoint(1));
        }
        List<KeyedStateHandle> parts = new ArrayList<>();
        int keys = 0;
        for (KeyGroupRange part : List.of(KeyGroupRange.of(0, 40), KeyGroupRange.of(41, 41), KeyGroupRange.of(42, 127))) {
            try (TestBackend backend = TestBackend.open(fixed(1 << 20), part, List.of(whole.getIntersection(part)))) {
                state(backend, LIST);
                keys += (int) count(backend);
                parts.add(backend.finish(2, backend.beginCheckpoint(2)));
            }
        }
        assertThat(keys).isEqualTo(1_000);
        try (TestBackend backend = TestBackend.open(fixed(1 << 20), TestBackend.ALL_KEY_GROUPS, parts)) {
            ListState<String> list = state(backend, LIST);
            assertThat(count(backend)).isEqualTo(1_000);
            for (int i = 0; i < 1_000; i++) {
                backend.keyed.setCurrentKey("key " + i);
                assertThat(list.get()).containsExactly("one", "two " + i);
            }
        }
    }

    private static long count(TestBackend backend) {
        try (Stream<String> keys = backend.keyed.getKeys(LIST.getName(), VoidNamespace.INSTANCE)) {
            return keys.distinct().count();
        }
    }

    @Test
    void mapIsIteratedAsItWasWhileItsEntriesAreRemovedAndChanged() throws Exception {
        try (TestBackend backend = TestBackend.open(fixed(1 << 20))) {
            MapState<Integer, String> map = state(backend, MAP);
            backend.keyed.setCurrentKey("key");
            IntStream.range(0, 5_000).forEach(i -> put(map, i, "old"));
            put(map, 77, null);
            int seen = 0;
            for (var entries = map.iterator(); entries.hasNext();) {
                Map.Entry<Integer, String> entry = entries.next();
                assertThat(entry.getKey()).isEqualTo(seen);
                assertThat(entry.getValue()).isEqualTo(seen == 77 ? null : "old");
                if (seen % 3 == 0) {
                    entries.remove();
                } else {
                    entry.setValue("new");
                }
                backend.keyed.setCurrentKey("other");
                put(map, seen, "elsewhere");
                backend.keyed.setCurrentKey("key");
                seen++;
            }
            assertThat(seen).isEqualTo(5_000);
            for (int i = 0; i < 5_000; i++) {
                backend.keyed.setCurrentKey("key");
                assertThat(map.get(i)).isEqualTo(i % 3 == 0 ? null : "new");
            }
            map.clear();
            assertThat(map.isEmpty()).isTrue();
            backend.keyed.setCurrentKey("other");
            assertThat(map.isEmpty()).isFalse();
            assertThat(map.get(4_999)).isEqualTo("elsewhere");
        }
    }

    /** Small maps are copied at once, large ones read in runs; which it will be is not known before. */
    @Test
    void mapsOfAnySizeAreIteratedInOrder() throws Exception {
        try (TestBackend backend = TestBackend.open(fixed(1 << 20))) {
            MapState<Integer, String> map = state(backend, MAP);
            for (int size = 0; size < 140; size++) {
                backend.keyed.setCurrentKey("key " + size);
                for (int i = 0; i < size; i++) {
                    put(map, i, "value " + i);
                }
            }
            for (int i = 0; i < 1_000; i++) {
                int size = i * 37 % 140;
                backend.keyed.setCurrentKey("key " + size);
                assertThat(map.keys()).containsExactlyElementsOf(IntStream.range(0, size).boxed().toList());
                assertThat(map.values()).containsExactlyElementsOf(IntStream.range(0, size).mapToObj(n -> "value " + n).toList());
            }
        }
    }

    @Test
    void smallMapIsIteratedAsItWasWhileItsEntriesAreRemovedAndChanged() throws Exception {
        try (TestBackend backend = TestBackend.open(fixed(1 << 20))) {
            MapState<Integer, String> map = state(backend, MAP);
            backend.keyed.setCurrentKey("key");
            IntStream.range(0, 4).forEach(i -> put(map, i, i == 2 ? null : "old " + i));
            var entries = map.iterator();
            assertThat(entries.next().getValue()).isEqualTo("old 0");
            entries.remove();
            entries.next().setValue("new");
            put(map, 9, "later");
            backend.keyed.setCurrentKey("other");
            put(map, 5, "elsewhere");
            Map.Entry<Integer, String> third = entries.next();
            assertThat(third.getKey()).isEqualTo(2);
            assertThat(third.getValue()).isNull();
            assertThat(entries.next().getValue()).isEqualTo("old 3");
            assertThat(entries.hasNext()).isFalse();
            backend.keyed.setCurrentKey("key");
            assertThat(map.values()).containsExactly("new", null, "old 3", "later");
        }
    }

    private static void put(MapState<Integer, String> map, int key, String value) {
        try {
            map.put(key, value);
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void nothingIsLeftWhenItIsDisposedOf() throws Exception {
        long before = threadsLeft();
        for (int restart = 0; restart < 20; restart++) {
            try (TestBackend backend = TestBackend.open(fixed(2 << 20))) {
                ValueState<String> value = state(backend, VALUE);
                for (int i = 0; i < 2_000; i++) {
                    backend.keyed.setCurrentKey("key " + i);
                    value.update("value " + i);
                    assertThat(value.value()).isEqualTo("value " + i);
                }
                RunnableFuture<SnapshotResult<KeyedStateHandle>> neverRun = backend.beginCheckpoint(restart);
                assertThat(neverRun.isDone()).isFalse();
                try (Stream<Path> files = Files.list(folder)) {
                    assertThat(files).hasSize(1);
                }
            }
        }
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
        assertThat(threadsLeft()).isEqualTo(before);
    }

    /** Background threads of state, once those that are ending have ended. */
    private static long threadsLeft() throws InterruptedException {
        long left = 0;
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("lsm-state")) {
                thread.join(5_000);
                left += thread.isAlive() ? 1 : 0;
            }
        }
        return left;
    }

    @Test
    void managedMemoryIsSharedBySlotAndGivenBack() throws Exception {
        try (TestBackend first = TestBackend.open(new LsmStateBackend())) {
            ValueState<String> value = state(first, VALUE);
            first.keyed.setCurrentKey("key");
            value.update("value");
            assertThat(first.environment.getMemoryManager().availableMemory()).isZero();
            first.keyed.dispose();
            assertThat(first.environment.getMemoryManager().verifyEmpty()).isTrue();
        }
    }

    @Test
    void foreignCheckpointIsRefusedWithAdvice() throws Exception {
        KeyedStateHandle handle;
        try (TestBackend backend = TestBackend.open(new HashMapStateBackend())) {
            backend.keyed.setCurrentKey("key");
            state(backend, VALUE).update("value");
            handle = backend.finish(1, backend.beginCheckpoint(1));
        }
        assertThatThrownBy(() -> TestBackend.open(fixed(1 << 20), handle)).hasMessageContaining("operator")
                .hasMessageContaining("another backend").hasMessageContaining("canonical savepoint");
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }

    @Test
    void optionsThatMakeNoSenseAreNamed() {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.BLOCK_CACHE_FRACTION, 1.5);
        assertThatThrownBy(() -> new LsmStateBackendFactory().createFromConfig(config, getClass().getClassLoader()))
                .isInstanceOf(IllegalConfigurationException.class).hasMessageContaining("block-cache-fraction").hasMessageContaining("1.5");
        assertThatThrownBy(() -> fixed(1000)).isInstanceOf(IllegalConfigurationException.class).hasMessageContaining("fixed-per-operator");
    }

    @Test
    void onlyWhatItCanDoIsPromised() {
        assertThat(new LsmStateBackend().supportsSavepointFormat(SavepointFormatType.CANONICAL)).isTrue();
        assertThat(new LsmStateBackend().supportsSavepointFormat(SavepointFormatType.NATIVE)).isTrue();
        assertThat(new LsmStateBackend().supportsNoClaimRestoreMode()).isTrue();
        assertThat(new LsmStateBackend().useManagedMemory()).isTrue();
    }

    @Test
    void failureOfTheStoreFailsTheTaskWithItsCause() throws Exception {
        try (TestBackend backend = TestBackend.open(fixed(1 << 20))) {
            ValueState<String> value = state(backend, VALUE);
            backend.environment.setExpectedExternalFailureCause(Throwable.class);
            StateStore store = ((LsmKeyedStateBackend<String>) backend.keyed).store();
            FileUtils.deleteDirectory(store.directory().toFile());
            assertThatThrownBy(() -> {
                for (int i = 0; i < 100_000; i++) {
                    backend.keyed.setCurrentKey("key " + i);
                    value.update("value " + i);
                }
            }).hasRootCauseInstanceOf(NoSuchFileException.class);
            // Waits for the thread that reports it.
            backend.keyed.dispose();
            assertThat(backend.environment.getActualExternalFailureCause()).isPresent();
            assertThat(backend.environment.getActualExternalFailureCause().get()).hasMessageContaining("operator");
        }
    }
}
