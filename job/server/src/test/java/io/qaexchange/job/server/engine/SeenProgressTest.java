package io.qaexchange.job.server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.model.live.PartitionOffset;
import io.qaexchange.job.query.live.SubtaskProgress;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Whether a read has what a session has seen, in subtasks of two partitions. */
class SeenProgressTest {

    private static final SeenProgress.NewestCheckpoint NOT_ASKED = () -> {
        throw new AssertionError("no checkpoint is needed");
    };

    private static SubtaskProgress at(int subtask, long incarnation, long first, long second) {
        return new SubtaskProgress(subtask, incarnation, List.of(new PartitionOffset("events", 0, first), new PartitionOffset("events", 1, second)));
    }

    private static String behind(List<SubtaskProgress> seen, List<SubtaskProgress> now) throws Exception {
        return new SeenProgress(seen).behind(now, NOT_ASKED);
    }

    @Test
    void theSameAttemptsAreNeverBehind() throws Exception {
        assertThat(behind(List.of(at(0, 7, 100, 50)), List.of(at(0, 7, 100, 50)))).isNull();
    }

    @Test
    void eachSubtaskMustHaveComeAsFarAsItWas() throws Exception {
        List<SubtaskProgress> seen = List.of(at(0, 1, 100, 50), at(1, 2, 90, 60));
        assertThat(behind(seen, List.of(at(0, 3, 100, 50), at(1, 4, 90, 60)))).isNull();
        assertThat(behind(seen, List.of(at(0, 3, 99, 50), at(1, 4, 90, 60)))).isEqualTo("events-0 was seen up to offset 100, and is at 99");
        // The greatest offset over all subtasks says nothing about the events of another one.
        assertThat(behind(seen, List.of(at(0, 3, 100, 60), at(1, 4, 90, 59)))).isEqualTo("events-1 was seen up to offset 60, and is at 59");
        assertThat(behind(seen, List.of(at(0, 1, 100, 50), at(1, 4, 90, 60)))).as("one of them was restarted alone").isNull();
    }

    @Test
    void aPartitionThatWasNotReadAgainIsBehind() throws Exception {
        assertThat(behind(List.of(at(0, 1, 100, 50)), List.of(new SubtaskProgress(0, 2, List.of(new PartitionOffset("events", 0, 100))))))
                .isEqualTo("events-1 was seen up to offset 50, and is not read yet");
    }

    @Test
    void afterAChangeOfParallelismACheckpointMustHaveIt() throws Exception {
        SeenProgress seen = new SeenProgress(List.of(at(0, 1, 100, 50), at(1, 2, 90, 60)));
        List<SubtaskProgress> now = List.of(at(0, 3, 200, 200));
        assertThat(seen.behind(now, () -> List.of(new PartitionOffset("events", 0, 100), new PartitionOffset("events", 1, 59))))
                .isEqualTo("events-1 was seen up to offset 60, and is at 59");
        assertThat(seen.behind(now, () -> List.of(new PartitionOffset("events", 0, 100), new PartitionOffset("events", 1, 60)))).isNull();
        assertThat(seen.behind(now, List::of)).as("none was completed yet").isEqualTo("events-0 was seen up to offset 100, and is not read yet");
    }
}
