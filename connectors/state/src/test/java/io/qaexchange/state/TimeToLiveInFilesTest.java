package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.SimpleTypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.TypeSerializerSnapshot;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.common.typeutils.base.TypeSerializerSingleton;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Expired values leave the files, and nothing else does: not before the state is registered, nor by a time to live of earlier. */
class TimeToLiveInFilesTest {
    private static final int KEYS = 500;

    @TempDir
    Path folder;

    private long now = 1_000_000;

    private TestBackend open(KeyedStateHandle... handles) throws Exception {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(4));
        config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString());
        return TestBackend.open(new LsmStateBackend().configure(config, getClass().getClassLoader()), TestBackend.ALL_KEY_GROUPS, () -> now,
                List.of(handles));
    }

    private static ValueState<String> value(TestBackend backend, Duration timeToLive) throws Exception {
        ValueStateDescriptor<String> descriptor = new ValueStateDescriptor<>("value", StringSerializer.INSTANCE);
        descriptor.enableTimeToLive(StateTtlConfig.newBuilder(timeToLive).build());
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    private static MapState<Integer, String> map(TestBackend backend, Duration timeToLive) throws Exception {
        MapStateDescriptor<Integer, String> descriptor = new MapStateDescriptor<>("map", IntSerializer.INSTANCE, StringSerializer.INSTANCE);
        descriptor.enableTimeToLive(StateTtlConfig.newBuilder(timeToLive).build());
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    private static void write(TestBackend backend, ValueState<String> value, MapState<Integer, String> map, int from, int to) throws Exception {
        for (int i = from; i < to; i++) {
            backend.keyed.setCurrentKey("key " + i);
            value.update("value");
            map.put(i, "entry");
        }
    }

    private static void mergeFiles(TestBackend backend) throws Exception {
        var engine = ((LsmKeyedStateBackend<String>) backend.keyed).store().engine();
        for (var family : engine.families()) {
            engine.compact(family, io.qaexchange.storage.key.KeyRange.ALL);
        }
    }

    private static int stored(TestBackend backend) {
        return ((LsmKeyedStateBackend<String>) backend.keyed).numKeyValueStateEntries();
    }

    @Test
    void expiredValuesLeaveTheFiles() throws Exception {
        try (TestBackend backend = open()) {
            ValueState<String> value = value(backend, Duration.ofSeconds(10));
            MapState<Integer, String> map = map(backend, Duration.ofSeconds(10));
            write(backend, value, map, 0, KEYS);
            now += 9_000;
            write(backend, value, map, 0, 100);
            now += 2_000;
            assertThat(stored(backend)).isEqualTo(2 * KEYS);
            mergeFiles(backend);
            assertThat(stored(backend)).isEqualTo(2 * 100);
            backend.keyed.setCurrentKey("key 99");
            assertThat(value.value()).isEqualTo("value");
            assertThat(map.get(99)).isEqualTo("entry");
        }
    }

    @Test
    void afterARestoreNothingExpiresBeforeTheStateIsRegisteredAndThenByItsNewTimeToLive() throws Exception {
        KeyedStateHandle handle;
        try (TestBackend backend = open()) {
            write(backend, value(backend, Duration.ofSeconds(10)), map(backend, Duration.ofSeconds(10)), 0, KEYS);
            mergeFiles(backend);
            handle = backend.finish(1, backend.beginCheckpoint(1));
        }
        now += 60_000;
        try (TestBackend backend = open(handle)) {
            mergeFiles(backend);
            assertThat(stored(backend)).isEqualTo(2 * KEYS);
            ValueState<String> value = value(backend, Duration.ofSeconds(100));
            MapState<Integer, String> map = map(backend, Duration.ofSeconds(10));
            mergeFiles(backend);
            assertThat(stored(backend)).isEqualTo(KEYS);
            backend.keyed.setCurrentKey("key 7");
            assertThat(value.value()).isEqualTo("value");
            assertThat(map.get(7)).isNull();
        }
    }

    private static <E> ListState<E> list(TestBackend backend, TypeSerializer<E> elements, Duration timeToLive) throws Exception {
        ListStateDescriptor<E> descriptor = new ListStateDescriptor<>("list", elements);
        descriptor.enableTimeToLive(StateTtlConfig.newBuilder(timeToLive).build());
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    private static long storedBytes(TestBackend backend) throws Exception {
        var engine = ((LsmKeyedStateBackend<String>) backend.keyed).store().engine();
        long bytes = 0;
        try (var rows = engine.iterator(engine.family("list"))) {
            for (rows.seekToFirst(); rows.valid(); rows.next()) {
                bytes += rows.value().length();
            }
        }
        return bytes;
    }

    /** Elements of one length are counted, others read. */
    private <E> void oldElementsLeaveAListThatOnlyGrows(TypeSerializer<E> serializer, List<E> elements, long bytesOfTheNewest) throws Exception {
        KeyedStateHandle handle;
        try (TestBackend backend = open()) {
            ListState<E> list = list(backend, serializer, Duration.ofSeconds(10));
            backend.keyed.setCurrentKey("grows");
            for (E element : elements) {
                list.add(element);
                now += 3_000;
            }
            backend.keyed.setCurrentKey("was left");
            now -= 9_000;
            list.addAll(elements);
            now += 9_000;
            // The newest three of five elements have lived for 3, 6 and 9 s.
            mergeFiles(backend);
            backend.keyed.setCurrentKey("grows");
            assertThat(list.get()).containsExactlyElementsOf(elements.subList(2, 5));
            now += 5_000;
            mergeFiles(backend);
            assertThat(list.get()).containsExactly(elements.get(4));
            assertThat(stored(backend)).as("lists").isEqualTo(1);
            assertThat(storedBytes(backend)).isEqualTo(bytesOfTheNewest);
            handle = backend.finish(1, backend.beginCheckpoint(1));
        }
        now += 60_000;
        try (TestBackend backend = open(handle)) {
            mergeFiles(backend);
            assertThat(storedBytes(backend)).as("not registered yet").isEqualTo(bytesOfTheNewest);
            ListState<E> list = list(backend, serializer, Duration.ofSeconds(10));
            backend.keyed.setCurrentKey("grows");
            list.add(elements.get(0));
            mergeFiles(backend);
            assertThat(list.get()).containsExactly(elements.get(0));
            now += 10_000;
            mergeFiles(backend);
            assertThat(stored(backend)).isZero();
            assertThat(list.get()).isEmpty();
        }
    }

    @Test
    void oldElementsOfOneLengthLeaveAListThatOnlyGrows() throws Exception {
        oldElementsLeaveAListThatOnlyGrows(LongSerializer.INSTANCE, List.of(1L, 2L, 3L, 4L, 5L), 16);
    }

    @Test
    void oldElementsOfAnyLengthLeaveAListThatOnlyGrows() throws Exception {
        oldElementsLeaveAListThatOnlyGrows(StringSerializer.INSTANCE, List.of("", "a,b", "four", "fifth one", "six"), 8 + 4);
    }

    /** Merging goes on, and nothing is lost, if elements cannot be read. */
    @Test
    void elementsThatCannotBeReadStay() throws Exception {
        try (TestBackend backend = open()) {
            Unreadable.failing = false;
            ListState<String> list = list(backend, new Unreadable(), Duration.ofSeconds(10));
            backend.keyed.setCurrentKey("key");
            list.add("old");
            now += 20_000;
            list.add("new");
            Unreadable.failing = true;
            mergeFiles(backend);
            Unreadable.failing = false;
            assertThat(storedBytes(backend)).isEqualTo(2 * (8 + 4) + 1);
            assertThat(list.get()).containsExactly("new");
            mergeFiles(backend);
            assertThat(storedBytes(backend)).isEqualTo(8 + 4);
        } finally {
            Unreadable.failing = false;
        }
    }

    /** Strings, until told to fail. */
    public static final class Unreadable extends TypeSerializerSingleton<String> {
        private static final long serialVersionUID = 1L;
        private static volatile boolean failing;

        @Override
        public String deserialize(DataInputView source) throws IOException {
            if (failing) {
                throw new IllegalStateException("cannot be read");
            }
            return StringSerializer.INSTANCE.deserialize(source);
        }

        @Override
        public String deserialize(String reuse, DataInputView source) throws IOException {
            return deserialize(source);
        }

        @Override
        public void serialize(String text, DataOutputView target) throws IOException {
            StringSerializer.INSTANCE.serialize(text, target);
        }

        @Override
        public void copy(DataInputView source, DataOutputView target) throws IOException {
            StringSerializer.INSTANCE.copy(source, target);
        }

        @Override
        public boolean isImmutableType() {
            return true;
        }

        @Override
        public String createInstance() {
            return "";
        }

        @Override
        public String copy(String from) {
            return from;
        }

        @Override
        public String copy(String from, String reuse) {
            return from;
        }

        @Override
        public int getLength() {
            return -1;
        }

        @Override
        public TypeSerializerSnapshot<String> snapshotConfiguration() {
            return new Snapshot();
        }

        /** The serializer of {@link Unreadable}. */
        public static final class Snapshot extends SimpleTypeSerializerSnapshot<String> {
            public Snapshot() {
                super(Unreadable::new);
            }
        }
    }
}
