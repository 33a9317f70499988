package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.common.typeutils.base.DoubleSerializer;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Numbers are read past their serializers; users must not be able to tell. */
class NumbersInStateTest {
    @TempDir
    Path folder;

    private TestBackend backend;

    @BeforeEach
    void open() throws Exception {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString());
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, new MemorySize(4 << 20));
        backend = TestBackend.open(new LsmStateBackend().configure(config, getClass().getClassLoader()));
        backend.keyed.setCurrentKey("key");
    }

    @AfterEach
    void close() throws Exception {
        backend.close();
    }

    private <S extends State> S state(StateDescriptor<S, ?> descriptor) throws Exception {
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor);
    }

    private <E> List<E> stored(TypeSerializer<E> serializer, List<E> elements) throws Exception {
        ListState<E> list = state(new ListStateDescriptor<>("list of " + serializer.getClass(), serializer));
        for (E element : elements) {
            list.add(element);
        }
        return (List<E>) list.get();
    }

    @Test
    void listsOfNumbersReadAsTheyWereWritten() throws Exception {
        List<Long> longs = List.of(0L, -1L, 1L, Long.MIN_VALUE, Long.MAX_VALUE, 0x2c2c2c2c2c2c2c2cL);
        List<Integer> ints = List.of(0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 0x2c2c2c2c);
        List<Double> doubles = List.of(0.0, -0.0, Double.NaN, Double.MIN_VALUE, Double.NEGATIVE_INFINITY);
        assertThat(stored(LongSerializer.INSTANCE, longs)).containsExactlyElementsOf(longs).isEqualTo(longs);
        assertThat(stored(IntSerializer.INSTANCE, ints)).containsExactlyElementsOf(ints).isEqualTo(ints);
        assertThat(stored(DoubleSerializer.INSTANCE, doubles)).containsExactlyElementsOf(doubles).isEqualTo(doubles);
    }

    /** Whatever is done to a list that was read, it does what an array list does. */
    @Test
    void listThatWasReadIsAListLikeAnyOther() throws Exception {
        for (int seed = 0; seed < 200; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Long> expected = new ArrayList<>(random.longs(1 + random.nextInt(20), 0, 10).boxed().toList());
            ListState<Long> state = state(new ListStateDescriptor<>("list", LongSerializer.INSTANCE));
            state.update(expected);
            List<Long> found = (List<Long>) state.get();
            for (int step = 0; step < 20 && !expected.isEmpty(); step++) {
                int at = random.nextInt(expected.size());
                switch (random.nextInt(7)) {
                    case 0 -> assertThat(found.get(at)).isEqualTo(expected.get(at));
                    case 1 -> assertThat(found.set(at, 7L)).isEqualTo(expected.set(at, 7L));
                    case 2 -> assertThat(found.remove(at)).isEqualTo(expected.remove(at));
                    case 3 -> {
                        found.add(at, 8L);
                        expected.add(at, 8L);
                    }
                    case 4 -> {
                        int parity = random.nextInt(2);
                        assertThat(found.removeIf(each -> each % 2 == parity)).isEqualTo(expected.removeIf(each -> each % 2 == parity));
                    }
                    case 5 -> {
                        Collections.sort(found);
                        Collections.sort(expected);
                    }
                    default -> removeSome(found.iterator(), expected.iterator(), random);
                }
                assertThat(found).as("seed %s", seed).hasSameSizeAs(expected).isEqualTo(expected);
                assertThat(found.isEmpty()).isEqualTo(expected.isEmpty());
            }
            state.clear();
        }
    }

    private static void removeSome(Iterator<Long> found, Iterator<Long> expected, SplittableRandom random) {
        while (expected.hasNext()) {
            assertThat(found.hasNext()).isTrue();
            assertThat(found.next()).isEqualTo(expected.next());
            if (random.nextInt(3) == 0) {
                found.remove();
                expected.remove();
                assertThatThrownBy(found::remove).isInstanceOf(IllegalStateException.class);
            }
        }
        assertThat(found.hasNext()).isFalse();
        assertThatThrownBy(found::next).isInstanceOf(NoSuchElementException.class);
    }

    @Test
    void placesOutsideOfAListAreRefused() throws Exception {
        List<Long> list = stored(LongSerializer.INSTANCE, List.of(1L, 2L));
        assertThatThrownBy(() -> list.get(2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> list.get(-1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> list.iterator().remove()).isInstanceOf(IllegalStateException.class);
    }

    /** Null values, values of other lengths and long runs beside each other, through each of the three views. */
    @Test
    void viewsOfAMapRemoveWhatTheyShowedLast() throws Exception {
        MapState<Long, Double> map = state(new MapStateDescriptor<>("map", LongSerializer.INSTANCE, DoubleSerializer.INSTANCE));
        for (long i = 0; i < 3_000; i++) {
            map.put(i, i % 5 == 0 ? null : i / 2.0);
        }
        long at = 0;
        for (Iterator<Long> keys = map.keys().iterator(); keys.hasNext(); at++) {
            assertThat(keys.next()).isEqualTo(at);
            // Loads the next run, if there is one: the key to be removed is in the run before.
            keys.hasNext();
            if (at % 2 == 0) {
                keys.remove();
                assertThatThrownBy(keys::remove).isInstanceOf(IllegalStateException.class);
            }
        }
        assertThat(at).isEqualTo(3_000);
        at = 1;
        for (Iterator<Double> values = map.values().iterator(); values.hasNext(); at += 2) {
            assertThat(values.next()).isEqualTo(at % 5 == 0 ? null : at / 2.0);
            values.hasNext();
            if (at % 3 == 0) {
                values.remove();
            }
        }
        List<Long> left = new ArrayList<>();
        map.entries().forEach(entry -> {
            assertThat(entry.getValue()).isEqualTo(entry.getKey() % 5 == 0 ? null : entry.getKey() / 2.0);
            left.add(entry.getKey());
        });
        assertThat(left).containsExactlyElementsOf(LongStream.range(0, 3_000).filter(i -> i % 2 != 0 && i % 3 != 0).boxed().toList());
        assertThatThrownBy(() -> map.keys().iterator().remove()).isInstanceOf(IllegalStateException.class);
    }

    /** One value that is longer than a whole run of others. */
    @Test
    void largeValuesOfAMapAreIterated() throws Exception {
        MapState<Long, byte[]> map = state(new MapStateDescriptor<>("large", Long.class, byte[].class));
        for (long i = 0; i < 50; i++) {
            map.put(i, new byte[i % 10 == 0 ? 100_000 : 100]);
        }
        long at = 0;
        for (byte[] value : map.values()) {
            assertThat(Arrays.equals(value, new byte[at % 10 == 0 ? 100_000 : 100])).isTrue();
            at++;
        }
        assertThat(at).isEqualTo(50);
    }
}
