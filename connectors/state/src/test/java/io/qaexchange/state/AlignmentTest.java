package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RunnableFuture;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeutils.base.IntSerializer;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SnapshotResult;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Checkpoints of a task that never stops writing: each holds exactly the events before its barrier, though it is written while later
 * ones come in, memtables are flushed and files merged.
 */
class AlignmentTest {
    private static final int CHECKPOINTS = 100;
    private static final int KEYS = 40;

    @TempDir
    Path folder;

    /** @param offset events that the source had handed out at the barrier */
    private record Taken(int offset, KeyedStateHandle handle) {
    }

    private LsmStateBackend backend() {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(1));
        config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString());
        return new LsmStateBackend().configure(config, getClass().getClassLoader());
    }

    private static MapState<Integer, String> events(TestBackend backend) throws Exception {
        return backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                new MapStateDescriptor<>("events", IntSerializer.INSTANCE, StringSerializer.INSTANCE));
    }

    @Test
    void everyCheckpointHoldsExactlyTheEventsBeforeItsBarrier() throws Exception {
        List<Taken> taken = write();
        assertThat(taken).hasSize(CHECKPOINTS);
        for (Taken one : taken) {
            try (TestBackend restored = TestBackend.open(backend(), one.handle())) {
                MapState<Integer, String> events = events(restored);
                int count = 0;
                for (int key = 0; key < KEYS; key++) {
                    restored.keyed.setCurrentKey("key " + key);
                    for (int event : events.keys()) {
                        assertThat(event).isLessThan(one.offset());
                        count++;
                    }
                }
                assertThat(count).as("events before offset %s", one.offset()).isEqualTo(one.offset());
            }
        }
    }

    /** Each event is an entry of its own, so that as many entries as events, all below the offset, are just these. */
    private List<Taken> write() throws Exception {
        List<Taken> taken = new ArrayList<>();
        ExecutorService background = Executors.newSingleThreadExecutor();
        try (TestBackend backend = TestBackend.open(backend())) {
            MapState<Integer, String> events = events(backend);
            int offset = 0;
            for (int id = 1; id <= CHECKPOINTS; id++) {
                int barrier = offset;
                RunnableFuture<SnapshotResult<KeyedStateHandle>> checkpoint = backend.beginCheckpoint(id);
                Future<?> written = background.submit(checkpoint);
                // The task goes on until the checkpoint is written, and for some events more.
                for (int more = 300; !written.isDone() || more > 0; more--) {
                    backend.keyed.setCurrentKey("key " + offset % KEYS);
                    events.put(offset, "event " + offset);
                    offset++;
                }
                written.get();
                taken.add(new Taken(barrier, backend.acknowledge(id, checkpoint.get()).getJobManagerOwnedSnapshot()));
            }
        } finally {
            background.shutdown();
        }
        return taken;
    }
}
