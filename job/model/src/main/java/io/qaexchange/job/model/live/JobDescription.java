package io.qaexchange.job.model.live;

import io.qaexchange.events.instruments.Instruments;
import java.util.List;
import org.apache.flink.runtime.operators.coordination.CoordinationRequest;
import org.apache.flink.runtime.operators.coordination.CoordinationResponse;

/**
 * A running job as its coordinator describes it to readers.
 *
 * @param archive folder of the archive, a URI
 * @param instruments as the job has them
 * @param backend name of the state backend's class
 * @param parallelism subtasks of the event store
 * @param maxParallelism key groups
 * @param endpoints announced subtasks, in order; fewer than {@code parallelism} while the job starts or restarts
 * @param changedAtMs when the endpoints changed last, ms since 1970
 */
public record JobDescription(String archive, Instruments instruments, String backend, int parallelism, int maxParallelism,
        List<EndpointAnnouncement> endpoints, long changedAtMs) implements CoordinationResponse {

    /** Asks for it. */
    public record Request() implements CoordinationRequest {
        private static final long serialVersionUID = 1L;
    }

    public JobDescription {
        endpoints = List.copyOf(endpoints);
    }

    /** Whether every subtask can be read. */
    public boolean isComplete() {
        return endpoints.size() == parallelism;
    }
}
