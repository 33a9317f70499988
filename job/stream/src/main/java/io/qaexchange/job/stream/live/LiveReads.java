package io.qaexchange.job.stream.live;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.live.BoundaryView;
import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.model.live.PartitionOffset;
import io.qaexchange.state.LsmKeyedStateBackend;
import io.qaexchange.state.StateReads;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.function.Supplier;
import javax.annotation.Nullable;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.execution.Environment;
import org.apache.flink.runtime.operators.coordination.OperatorEventGateway;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The live reads of one event-store subtask, as its operator uses them: opened with the operator, told of each event and each barrier, closed
 * with it.
 *
 * <p>A subtask whose backend is not ours keeps the offsets only: other threads cannot read its state.
 *
 * <p>One thread, the task thread.
 */
public final class LiveReads {

    private static final Logger LOG = LoggerFactory.getLogger(LiveReads.class);
    /** Name of the state: {@code topic partition offset}, of every subtask. */
    private static final String OFFSETS = "seen-offsets";

    private final SeenOffsets offsets = new SeenOffsets();
    private final ListState<String> storedOffsets;
    @Nullable
    private HotRowService service;
    @Nullable
    private LiveEndpoint.Registration registration;

    /**
     * The view that the task thread shows to readers.
     *
     * @param boundaries as of its last step
     * @param statistics as of its last barrier
     */
    public record Shown(Supplier<BoundaryView> boundaries, Supplier<List<InstrumentStatistics>> statistics) {
    }

    private LiveReads(ListState<String> storedOffsets) {
        this.storedOffsets = storedOffsets;
    }

    /** Restores the offsets, and makes the subtask readable if its backend is ours. */
    public static LiveReads restore(StateInitializationContext context, KeyedStateBackend<String> backend, LiveOptions options, TaskInfo task,
            Shown shown, Instruments instruments) throws Exception {
        LiveReads live = new LiveReads(
                context.getOperatorStateStore().getUnionListState(new ListStateDescriptor<>(OFFSETS, Types.STRING)));
        for (String stored : live.storedOffsets.get()) {
            String[] parts = stored.split(" ");
            live.offsets.saw(parts[0], Integer.parseInt(parts[1]), Long.parseLong(parts[2]));
        }
        if (options.enabled() && backend instanceof LsmKeyedStateBackend<String> ours) {
            StateReads<String> reads = ours.reads();
            live.service = new HotRowService(task.getIndexOfThisSubtask(), reads, shown, live.offsets, instruments,
                    task.getMaxNumberOfParallelSubtasks(), options.heldCheckpoints());
            OptionalLong restored = context.getRestoredCheckpointId();
            if (restored.isPresent() && options.heldCheckpoints() > 0) {
                live.service.barrier(restored.getAsLong(), System.currentTimeMillis());
                reads.restoredFrom(restored.getAsLong());
            }
        }
        return live;
    }

    /** Registers the subtask at the TaskManager's endpoint and announces it. A failure costs the live reads, not the job. */
    public void open(Environment environment, LiveOptions options, OperatorEventGateway coordinator, KeyGroupRange keyGroups, String archiveEpoch) {
        if (service == null) {
            return;
        }
        try {
            registration = LiveEndpoint.register(environment.getJobID(), service, options, environment.getTaskManagerInfo().getConfiguration(),
                    environment.getTaskManagerInfo().getTaskManagerExternalAddress());
        } catch (IOException | RuntimeException e) {
            LOG.warn("subtask {} cannot be read live: {}", service.subtask(), e.getMessage(), e);
            return;
        }
        coordinator.sendEventToCoordinator(new EndpointAnnouncement(service.subtask(), environment.getTaskInfo().getAttemptNumber(),
                registration.incarnation(), registration.host(), registration.port(), registration.secret(), keyGroups.getStartKeyGroup(),
                keyGroups.getEndKeyGroup(), archiveEpoch));
    }

    /** Notes an event. */
    public void saw(String topic, int partition, long offset) {
        offsets.saw(topic, partition, offset);
    }

    /** Notes a barrier, before the state is snapshotted. */
    public void barrier(long checkpointId, long nowMs) throws Exception {
        List<String> stored = new ArrayList<>();
        for (PartitionOffset offset : offsets.now()) {
            stored.add(offset.topic() + " " + offset.partition() + " " + offset.offset());
        }
        storedOffsets.update(stored);
        if (service != null) {
            service.barrier(checkpointId, nowMs);
        }
    }

    /** Ends live reads of the subtask. */
    public void close() {
        if (registration != null) {
            registration.close();
            registration = null;
        }
    }
}
