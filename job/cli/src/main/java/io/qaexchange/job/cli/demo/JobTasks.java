package io.qaexchange.job.cli.demo;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobID;
import org.apache.flink.runtime.execution.ExecutionState;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.minicluster.MiniCluster;

/** The tasks of a job in this process. Flink calls a job running while its tasks are still being started. Stateless. */
final class JobTasks {

    private static final Duration START = Duration.ofMinutes(2);
    private static final long POLL_MS = 100;

    private JobTasks() {
    }

    /**
     * Waits until all tasks run.
     *
     * @throws TimeoutException if that takes more than two minutes, or the job has ended
     */
    static void awaitRunning(MiniCluster cluster, JobID job) throws Exception {
        long deadlineNs = System.nanoTime() + START.toNanos();
        while (true) {
            AccessExecutionGraph graph = cluster.getExecutionGraph(job).get();
            boolean running = true;
            for (AccessExecutionVertex vertex : graph.getAllExecutionVertices()) {
                running &= vertex.getExecutionState() == ExecutionState.RUNNING;
            }
            if (running) {
                return;
            }
            if (graph.getState().isTerminalState() || System.nanoTime() > deadlineNs) {
                throw new TimeoutException("the job does not run after " + START.toSeconds() + " s: it is " + graph.getState()
                        + (graph.getFailureInfo() == null ? "" : ", " + graph.getFailureInfo().getExceptionAsString()));
            }
            TimeUnit.MILLISECONDS.sleep(POLL_MS);
        }
    }
}
