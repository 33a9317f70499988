package io.qaexchange.job.stream.live;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.JobDescription;
import java.util.ArrayList;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import javax.annotation.Nullable;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.operators.coordination.CoordinationRequest;
import org.apache.flink.runtime.operators.coordination.CoordinationRequestHandler;
import org.apache.flink.runtime.operators.coordination.CoordinationResponse;
import org.apache.flink.runtime.operators.coordination.OperatorCoordinator;
import org.apache.flink.runtime.operators.coordination.OperatorEvent;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Knows where the subtasks of the event store can be read, and tells readers that ask over Flink's REST interface. Runs in the JobManager, keeps
 * nothing in checkpoints.
 *
 * <p>An exception here would fail the job, so every method that does anything catches what it throws: readers then do without.
 *
 * <p>Thread-safe.
 */
final class LiveCoordinator implements OperatorCoordinator, CoordinationRequestHandler {

    private static final Logger LOG = LoggerFactory.getLogger(LiveCoordinator.class);

    private final Context context;
    private final Description description;
    /** Guarded by this. */
    private final TreeMap<Integer, EndpointAnnouncement> endpoints = new TreeMap<>();
    /** Guarded by this. */
    private long changedAtMs = System.currentTimeMillis();

    /** Facts about the job. */
    record Description(String archive, Instruments instruments, String backend, int maxParallelism) implements java.io.Serializable {
    }

    /** Makes the coordinator. */
    record Provider(OperatorID operator, Description description) implements OperatorCoordinator.Provider {
        private static final long serialVersionUID = 1L;

        @Override
        public OperatorID getOperatorId() {
            return operator;
        }

        @Override
        public OperatorCoordinator create(Context context) {
            return new LiveCoordinator(context, description);
        }
    }

    private LiveCoordinator(Context context, Description description) {
        this.context = context;
        this.description = description;
    }

    @Override
    public void start() {
        LOG.debug("live reads can be asked for");
    }

    @Override
    public void close() {
        forgetAll();
    }

    @Override
    public synchronized void handleEventFromOperator(int subtask, int attempt, OperatorEvent event) {
        if (event instanceof EndpointAnnouncement announcement) {
            LOG.info("live reads: {}", announcement);
            endpoints.put(subtask, announcement);
            changedAtMs = System.currentTimeMillis();
        } else {
            LOG.warn("live reads: unknown event {} of subtask {}", event.getClass().getName(), subtask);
        }
    }

    @Override
    public synchronized void executionAttemptFailed(int subtask, int attempt, @Nullable Throwable reason) {
        EndpointAnnouncement known = endpoints.get(subtask);
        if (known != null && known.attempt() <= attempt) {
            endpoints.remove(subtask);
            changedAtMs = System.currentTimeMillis();
        }
    }

    @Override
    public synchronized void subtaskReset(int subtask, long checkpointId) {
        if (endpoints.remove(subtask) != null) {
            changedAtMs = System.currentTimeMillis();
        }
    }

    @Override
    public void resetToCheckpoint(long checkpointId, @Nullable byte[] checkpointData) {
        forgetAll();
    }

    private synchronized void forgetAll() {
        endpoints.clear();
        changedAtMs = System.currentTimeMillis();
    }

    @Override
    public void executionAttemptReady(int subtask, int attempt, SubtaskGateway gateway) {
        LOG.debug("subtask {} attempt {} is ready", subtask, attempt);
    }

    @Override
    public void checkpointCoordinator(long checkpointId, CompletableFuture<byte[]> result) {
        result.complete(new byte[0]);
    }

    @Override
    public void notifyCheckpointComplete(long checkpointId) {
        LOG.trace("checkpoint {} is complete", checkpointId);
    }

    @Override
    public synchronized CompletableFuture<CoordinationResponse> handleCoordinationRequest(CoordinationRequest request) {
        if (!(request instanceof JobDescription.Request)) {
            return CompletableFuture.failedFuture(new IllegalArgumentException("unknown request " + request.getClass().getName()));
        }
        return CompletableFuture.completedFuture(new JobDescription(description.archive(), description.instruments(), description.backend(),
                context.currentParallelism(), description.maxParallelism(), new ArrayList<>(endpoints.values()), changedAtMs));
    }
}
