package io.qaexchange.job.model.live;

import org.apache.flink.runtime.operators.coordination.OperatorEvent;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;

/**
 * Where the state of a subtask is read. Sent by each attempt of an event-store subtask to its coordinator.
 *
 * @param subtask the subtask, from 0
 * @param attempt its attempt
 * @param incarnation random number of the attempt
 * @param host address of the endpoint for readers
 * @param port its port
 * @param secret a reader shows it when it connects
 * @param firstKeyGroup key groups of the subtask, inclusive
 * @param lastKeyGroup inclusive
 * @param archiveEpoch archive epoch that the attempt runs in
 */
public record EndpointAnnouncement(int subtask, int attempt, long incarnation, String host, int port, String secret, int firstKeyGroup,
        int lastKeyGroup, String archiveEpoch) implements OperatorEvent {

    /** Whether the subtask has the rows of that instrument or account. */
    public boolean hasKey(String routeKey, int maxParallelism) {
        int keyGroup = KeyGroupRangeAssignment.assignToKeyGroup(routeKey, maxParallelism);
        return keyGroup >= firstKeyGroup && keyGroup <= lastKeyGroup;
    }

    /** Without the secret: announcements are logged. */
    @Override
    public String toString() {
        return "subtask " + subtask + " attempt " + attempt + " at " + host + ":" + port + ", key groups " + firstKeyGroup + " to " + lastKeyGroup;
    }
}
