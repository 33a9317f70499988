package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.TreeSet;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.streaming.api.operators.TimerHeapInternalTimer;
import org.apache.flink.streaming.api.operators.TimerSerializer;
import org.apache.flink.util.CloseableIterator;
import org.apache.flink.util.FileUtils;

/** Timers against a sorted set: added, removed, polled, through checkpoints, from engine to heap and back, rescaled and joined again. */
class TimerProperties {
    @Property(tries = 40)
    void timersComeInTheirOrderWhateverHappens(@ForAll long seed) throws Exception {
        Path folder = Files.createTempDirectory("timers");
        try (History history = new History(folder, seed)) {
            history.run();
        } finally {
            FileUtils.deleteDirectory(folder.toFile());
        }
    }

    private static final class History implements AutoCloseable {
        private final Path folder;
        private final SplittableRandom random;
        /** As "time key". */
        private final TreeSet<String> model = new TreeSet<>();
        private TestBackend backend;
        private KeyGroupedInternalPriorityQueue<TimerHeapInternalTimer<String, VoidNamespace>> queue;
        private long checkpoint;

        History(Path folder, long seed) throws Exception {
            this.folder = folder;
            random = new SplittableRandom(seed);
            open(TestBackend.open(kind()));
        }

        private LsmStateBackend kind() {
            Configuration config = new Configuration();
            config.set(LsmStateOptions.MANAGED_MEMORY, false);
            config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(1));
            config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString());
            config.set(LsmStateOptions.TIMERS, random.nextInt(4) == 0 ? LsmStateOptions.Timers.HEAP : LsmStateOptions.Timers.ENGINE);
            return new LsmStateBackend().configure(config, getClass().getClassLoader());
        }

        private void open(TestBackend next) {
            backend = next;
            queue = next.keyed.create("timers", new TimerSerializer<>(StringSerializer.INSTANCE, VoidNamespaceSerializer.INSTANCE));
        }

        void run() throws Exception {
            // Few keys have many timers each, so that the cache of a key group overflows.
            int keys = 1 + random.nextInt(6);
            for (int step = 0; step < 2_500; step++) {
                int choice = random.nextInt(1_000);
                if (choice < 520) {
                    TimerHeapInternalTimer<String, VoidNamespace> timer = timer(random.nextInt(3_000), "key " + random.nextInt(keys));
                    queue.add(timer);
                    model.add(text(timer));
                } else if (choice < 600) {
                    TimerHeapInternalTimer<String, VoidNamespace> timer = timer(random.nextInt(3_000), "key " + random.nextInt(keys));
                    queue.remove(timer);
                    model.remove(text(timer));
                } else if (choice < 995) {
                    poll();
                } else {
                    restart();
                }
            }
            checkAll();
            while (!model.isEmpty()) {
                poll();
            }
            assertThat(queue.isEmpty()).isTrue();
        }

        private static TimerHeapInternalTimer<String, VoidNamespace> timer(long time, String key) {
            return new TimerHeapInternalTimer<>(time, key, VoidNamespace.INSTANCE);
        }

        private static String text(TimerHeapInternalTimer<String, VoidNamespace> timer) {
            return String.format("%05d %s", timer.getTimestamp(), timer.getKey());
        }

        private void poll() {
            TimerHeapInternalTimer<String, VoidNamespace> peeked = queue.peek();
            TimerHeapInternalTimer<String, VoidNamespace> polled = queue.poll();
            if (model.isEmpty()) {
                assertThat(polled).isNull();
                return;
            }
            assertThat(polled).isEqualTo(peeked);
            assertThat(text(polled).substring(0, 5)).isEqualTo(model.first().substring(0, 5));
            assertThat(model.remove(text(polled))).isTrue();
        }

        private void checkAll() throws Exception {
            List<String> seen = new ArrayList<>();
            try (CloseableIterator<TimerHeapInternalTimer<String, VoidNamespace>> all = queue.iterator()) {
                all.forEachRemaining(timer -> seen.add(text(timer)));
            }
            assertThat(seen).containsExactlyInAnyOrderElementsOf(model);
            assertThat(queue.size()).isEqualTo(model.size());
        }

        /** From a checkpoint or a savepoint, in one piece or by way of two. */
        private void restart() throws Exception {
            checkAll();
            List<KeyedStateHandle> handles = List.of(random.nextInt(3) == 0 ? backend.savepoint() : checkpoint());
            if (random.nextBoolean()) {
                List<KeyedStateHandle> halves = new ArrayList<>();
                int border = 1 + random.nextInt(126);
                for (KeyGroupRange half : List.of(KeyGroupRange.of(0, border - 1), KeyGroupRange.of(border, 127))) {
                    backend.close();
                    open(TestBackend.open(kind(), half, List.of(handles.get(0).getIntersection(half))));
                    halves.add(checkpoint());
                }
                handles = halves;
            }
            backend.close();
            open(TestBackend.open(kind(), TestBackend.ALL_KEY_GROUPS, handles));
            checkAll();
        }

        private KeyedStateHandle checkpoint() throws Exception {
            checkpoint++;
            return backend.finish(checkpoint, backend.beginCheckpoint(checkpoint));
        }

        @Override
        public void close() throws Exception {
            backend.close();
        }
    }
}
