package io.qaexchange.storage.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.LogRange;
import java.util.List;
import org.junit.jupiter.api.Test;

class CheckpointWriterTest {
    @Test
    void aShortLogIsOnePiece() {
        LogRange range = new LogRange(5, 1_000_000);
        assertThat(CheckpointWriter.split(range, 0)).containsExactly(range);
        assertThat(CheckpointWriter.split(range, 20 << 20)).containsExactly(range);
    }

    @Test
    void aLongLogIsCutIntoPiecesThatFollowOneAnother() {
        List<LogRange> parts = CheckpointWriter.split(new LogRange(11, 110), 64 << 20);
        assertThat(parts).containsExactly(new LogRange(11, 30), new LogRange(31, 50), new LogRange(51, 70), new LogRange(71, 90), new LogRange(91, 110));
        assertThat(CheckpointWriter.split(new LogRange(1, 1_000_000), 100L << 30)).hasSize(16);
    }

    @Test
    void aFewLongWritesAreNotCutFiner() {
        assertThat(CheckpointWriter.split(new LogRange(7, 8), 1L << 30)).containsExactly(new LogRange(7, 7), new LogRange(8, 8));
        assertThat(CheckpointWriter.split(new LogRange(7, 7), 1L << 30)).containsExactly(new LogRange(7, 7));
    }
}
