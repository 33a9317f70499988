package io.qaexchange.storage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.memory.MemoryPool;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.MemoryVfs;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Parameter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every reference argument of the public API, null: the message names it, and nothing has changed. */
class NullArgumentsTest {
    /** Parameters for which null has a meaning, which their Javadoc says. */
    private static final Set<String> MAY_BE_NULL = Set.of("snapshot", "expiry", "upper", "executor", "memoryPool", "MemoryPool value", "Executor value");

    private final Map<Class<?>, Object> samples = new HashMap<>();

    private interface Checked {
        Object call(Object[] arguments) throws ReflectiveOperationException;
    }

    @Test
    void everyNullIsRefusedByItsName() throws Exception {
        StoreOptions options = StoreOptions.builder().vfs(new MemoryVfs()).executor(Runnable::run).build();
        try (LsmStore store = LsmStore.open(Path.of("/store"), options)) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("f").appendDelimiter((byte) ',').eventTimeFromEnd(8).build());
            store.put(family, new byte[20], new byte[20]);
            long sequence = store.lastSequence();
            fillSamples(family, options);
            int tried = 0;
            try (StoreReader reader = store.reader(); StoreIterator iterator = store.iterator(family); Checkpoint checkpoint = store.checkpoint()) {
                tried += tryAll(Store.class, store);
                tried += tryAll(StoreReader.class, reader);
                tried += tryAll(StoreIterator.class, iterator);
                tried += tryAll(Checkpoint.class, checkpoint);
            }
            tried += tryStatic(LsmStore.class, "open", "restore");
            WriteBatch batch = new WriteBatch();
            tried += tryAll(WriteBatch.class, batch);
            assertThat(batch.count()).isZero();
            assertThat(batch.sizeBytes()).isZero();
            tried += tryStatic(KeyRange.class, "of", "prefix");
            tried += tryStatic(FamilyOptions.class, "builder");
            tried += tryAll(FamilyOptions.Builder.class, FamilyOptions.builder("g"));
            tried += tryAll(StoreOptions.Builder.class, StoreOptions.builder());
            tried += tryConstructors(FamilyOptions.class, KeyRange.class, ColumnFamily.class, CheckpointSource.class);
            tried += tryAll(StoreStatistics.class, store.statistics());
            assertThat(tried).as("arguments tried").isGreaterThan(60);
            assertThat(store.lastSequence()).as("nothing was written").isEqualTo(sequence);
        }
    }

    private void fillSamples(ColumnFamily family, StoreOptions options) {
        samples.put(ColumnFamily.class, family);
        samples.put(byte[].class, new byte[20]);
        samples.put(Slice.class, Slice.of(new byte[20]));
        samples.put(Slice[].class, new Slice[] {Slice.of(new byte[20])});
        samples.put(KeyRange.class, KeyRange.of(new byte[] {1}, new byte[] {2}));
        samples.put(TimeRange.class, TimeRange.ALL);
        samples.put(String.class, "f");
        samples.put(FamilyOptions.class, family.options());
        samples.put(WriteBatch.class, new WriteBatch());
        samples.put(Path.class, Path.of("/other"));
        samples.put(StoreOptions.class, options);
        samples.put(List.class, List.of());
        samples.put(Collection.class, List.of());
        samples.put(Map.class, Map.of());
        samples.put(LogRange.class, new LogRange(1, 1));
        samples.put(OutputStream.class, OutputStream.nullOutputStream());
        samples.put(StoreReader.Found.class, (StoreReader.Found) (index, value) -> { });
        samples.put(CompactionStyle.class, CompactionStyle.LEVELED);
        samples.put(Vfs.class, new MemoryVfs());
        samples.put(Durability.class, Durability.NONE);
        samples.put(StoreOptions.ReadMode.class, StoreOptions.ReadMode.PREAD);
        samples.put(LongSupplier.class, (LongSupplier) () -> 0);
        samples.put(StoreListener.class, StoreListener.NONE);
        samples.put(int.class, 8);
        samples.put(long.class, 8L);
        samples.put(StoreMetric.class, StoreMetric.FILES);
        samples.put(boolean.class, false);
        samples.put(byte.class, (byte) 8);
        for (Class<?> nullable : List.of(Snapshot.class, Supplier.class, Executor.class, MemoryPool.class)) {
            samples.put(nullable, null);
        }
        Object[] codecs = FamilyOptions.builder("c").build().compression().toArray();
        samples.put(codecs[0].getClass().arrayType(), java.util.Arrays.copyOf(codecs, 1, codecs[0].getClass().arrayType().asSubclass(Object[].class)));
        samples.put(codecs[0].getClass(), codecs[0]);
    }

    private int tryAll(Class<?> type, Object target) throws Exception {
        int tried = 0;
        for (Method method : type.getMethods()) {
            boolean ours = method.getDeclaringClass().getName().startsWith("io.qaexchange") && !Modifier.isStatic(method.getModifiers());
            if (ours && !method.getName().equals("equals")) {
                tried += tryEach(method, arguments -> method.invoke(target, arguments));
            }
        }
        return tried;
    }

    private int tryStatic(Class<?> type, String... names) throws Exception {
        int tried = 0;
        for (Method method : type.getMethods()) {
            if (Modifier.isStatic(method.getModifiers()) && List.of(names).contains(method.getName())) {
                tried += tryEach(method, arguments -> method.invoke(null, arguments));
            }
        }
        return tried;
    }

    private int tryConstructors(Class<?>... types) throws Exception {
        int tried = 0;
        for (Class<?> type : types) {
            for (Constructor<?> constructor : type.getConstructors()) {
                tried += tryEach(constructor, constructor::newInstance);
            }
        }
        return tried;
    }

    private int tryEach(Executable executable, Checked call) throws Exception {
        Parameter[] parameters = executable.getParameters();
        int tried = 0;
        for (int i = 0; i < parameters.length; i++) {
            String name = parameters[i].getName();
            boolean nullable = MAY_BE_NULL.contains(name) || MAY_BE_NULL.contains(parameters[i].getType().getSimpleName() + " " + name);
            if (parameters[i].getType().isPrimitive() || nullable) {
                continue;
            }
            List<Object> arguments = new ArrayList<>();
            for (Parameter parameter : parameters) {
                assertThat(samples).as("a sample for %s of %s", parameter, executable).containsKey(parameter.getType());
                arguments.add(samples.get(parameter.getType()));
            }
            arguments.set(i, null);
            // The builder's setters call their argument "value"; their message has the option's name.
            String expected = name.equals("value") && executable.getDeclaringClass() == StoreOptions.Builder.class ? executable.getName() : name;
            Throwable thrown = thrownBy(call, arguments.toArray());
            assertThat(thrown).as("%s with null for %s", executable, name)
                    .isInstanceOfAny(NullPointerException.class, IllegalArgumentException.class);
            assertThat(thrown.getMessage()).as("%s with null for %s", executable, name).contains(expected).contains("must not be null")
                    .doesNotContain("because");
            tried++;
        }
        return tried;
    }

    private static Throwable thrownBy(Checked call, Object[] arguments) throws ReflectiveOperationException {
        try {
            call.call(arguments);
            return null;
        } catch (InvocationTargetException e) {
            return e.getCause();
        }
    }

    @Test
    void aNullAmongSeveralIsRefusedToo() throws IOException {
        StoreOptions options = StoreOptions.builder().vfs(new MemoryVfs()).build();
        try (LsmStore store = LsmStore.open(Path.of("/store"), options); StoreReader reader = store.reader()) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("f").build());
            assertThatThrownBy(() -> reader.multiGet(family, new Slice[] {null}, (index, value) -> { })).hasMessageContaining("keys");
        }
        List<CheckpointSource> sources = new ArrayList<>();
        sources.add(null);
        assertThatThrownBy(() -> LsmStore.restore(Path.of("/other"), options, sources)).hasMessageContaining("sources");
    }

    /** A family that was dropped, or is another store's. */
    @Test
    void aFamilyThatIsNotThereIsNamed() throws IOException {
        try (LsmStore store = LsmStore.open(Path.of("/store"), StoreOptions.builder().vfs(new MemoryVfs()).build()); StoreReader reader = store.reader()) {
            ColumnFamily family = store.createFamily(FamilyOptions.builder("gone").build());
            store.dropFamily(family);
            assertThat(store.family("gone")).isNull();
            Slice key = Slice.of(new byte[1]);
            Stream.<org.assertj.core.api.ThrowableAssert.ThrowingCallable>of(
                    () -> store.put(family, key, key), () -> store.delete(family, key), () -> store.get(family, new byte[1]), () -> reader.get(family, key),
                    () -> store.iterator(family), () -> store.isEmpty(family, KeyRange.ALL), () -> store.compact(family, KeyRange.ALL),
                    () -> store.approximateSize(family, KeyRange.ALL), () -> store.write(new WriteBatch().put(family, key, key)),
                    () -> reader.copy(family, key, true), () -> store.dropFamily(family))
                    .forEach(call -> assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("is not in this store"));
        }
    }
}
