package io.qaexchange.job.stream.live;

import io.qaexchange.events.instruments.Instruments;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.operators.coordination.OperatorCoordinator;

/** Makes {@link LiveCoordinator}s. */
public final class LiveCoordinators {

    private LiveCoordinators() {
    }

    /** The provider of a job's coordinator. */
    public static OperatorCoordinator.Provider provider(OperatorID operator, String archive, Instruments instruments, String backend,
            int maxParallelism) {
        return new LiveCoordinator.Provider(operator, new LiveCoordinator.Description(archive, instruments, backend, maxParallelism));
    }
}
