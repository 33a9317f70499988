package io.qaexchange.job.stream.hot;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

class UnpublishedBatchesTest {

    private final UnpublishedBatches batches = new UnpublishedBatches();

    @Test
    void aJobThatAlwaysHasNewBatchesOnTheirWayHasNoneUnpublished() {
        for (int i = 0; i < 50; i++) {
            batches.checkpointComplete(Set.of("b" + i, "b" + (i + 1)));
            assertThat(batches.count()).isZero();
        }
    }

    @Test
    void aBatchThatIsNotSeenForThreeCheckpointsIsUnpublishedUntilItIsSeen() {
        for (int i = 0; i < UnpublishedBatches.CHECKPOINTS; i++) {
            batches.checkpointComplete(Set.of("stuck"));
            assertThat(batches.count()).isZero();
            assertThat(batches.isAnyDue()).isEqualTo(i > 0);
        }
        batches.checkpointComplete(Set.of("stuck", "new"));
        assertThat(batches.count()).isEqualTo(1);

        batches.published(Set.of("stuck"));
        assertThat(batches.count()).isZero();
    }
}
