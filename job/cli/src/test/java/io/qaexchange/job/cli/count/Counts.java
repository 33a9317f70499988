package io.qaexchange.job.cli.count;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.query.hot.RestoredBackends;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.AbstractKeyedStateBackend;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.state.api.runtime.OperatorIDGenerator;
import org.apache.flink.state.api.runtime.SavepointLoader;

/** The counts in a checkpoint or savepoint of {@link CountJob}, read without the job. */
public record Counts(Map<String, Long> byKey) {

    /** @param snapshot folder */
    public static Counts read(String snapshot) throws Exception {
        OperatorState operator = SavepointLoader.loadSavepointMetadata(snapshot).getOperatorStates().stream()
                .filter(state -> state.getOperatorID().equals(OperatorIDGenerator.fromUid(CountFunction.UID))).findFirst().orElseThrow();
        List<KeyedStateHandle> handles = operator.getStates().stream().map(OperatorSubtaskState::getManagedKeyedState)
                .flatMap(states -> states.stream()).toList();
        Map<String, Long> counts = new HashMap<>();
        new RestoredBackends(handles, operator.getMaxParallelism()).forEach(backend -> read(backend, counts));
        return new Counts(counts);
    }

    private static void read(AbstractKeyedStateBackend<String> backend, Map<String, Long> counts) throws Exception {
        ValueState<Long> count = backend.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, CountFunction.COUNT);
        try (Stream<String> keys = backend.getKeys(CountFunction.COUNT.getName(), VoidNamespace.INSTANCE)) {
            for (Iterator<String> all = keys.iterator(); all.hasNext();) {
                String key = all.next();
                backend.setCurrentKey(key);
                assertThat(counts.put(key, count.value())).as("another count of %s", key).isNull();
            }
        }
    }

    public long events() {
        return byKey.values().stream().mapToLong(Long::longValue).sum();
    }

    /** The counts must be those of the first so many events. */
    public Counts requireNothingLostOrDoubled() {
        long events = events();
        Map<String, Long> expected = new HashMap<>();
        for (long key = 0; key < Math.min(events, CountJob.KEYS); key++) {
            expected.put(CountJob.key(key), (events - key + CountJob.KEYS - 1) / CountJob.KEYS);
        }
        assertThat(byKey).isEqualTo(expected);
        return this;
    }
}
