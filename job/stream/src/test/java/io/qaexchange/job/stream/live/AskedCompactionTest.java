package io.qaexchange.job.stream.live;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class AskedCompactionTest {

    private static final Clock CLOCK = Clock.fixed(Instant.ofEpochMilli(1_000), ZoneOffset.UTC);

    private static AskedCompaction.Progress await(AskedCompaction compaction) {
        while (compaction.progress().state() == AskedCompaction.State.RUNNING) {
            Thread.onSpinWait();
        }
        return compaction.progress();
    }

    @Test
    void oneRunsAtATimeAndTellsItsEnd() {
        CountDownLatch may = new CountDownLatch(1);
        AskedCompaction compaction = new AskedCompaction("test", CLOCK);
        AskedCompaction.Work work = () -> {
            try {
                may.await();
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
        };
        assertThat(compaction.progress().state()).isEqualTo(AskedCompaction.State.NONE);
        assertThat(compaction.start("SHFE.rb2601", work)).isTrue();
        assertThat(compaction.start("", work)).as("a second one").isFalse();
        may.countDown();
        assertThat(await(compaction)).isEqualTo(new AskedCompaction.Progress(AskedCompaction.State.DONE, "SHFE.rb2601", 1_000, 1_000, ""));
        assertThat(compaction.start("", work)).as("after the end").isTrue();
    }

    @Test
    void isCancelled() {
        AskedCompaction compaction = new AskedCompaction("test", CLOCK);
        compaction.cancel();
        assertThat(compaction.start("", () -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
        })).isTrue();
        compaction.cancel();
        assertThat(await(compaction).state()).isEqualTo(AskedCompaction.State.CANCELLED);
    }

    @Test
    void saysWhyItFailed() {
        AskedCompaction compaction = new AskedCompaction("test", CLOCK);
        compaction.start("", () -> {
            throw new IOException("the disk is full");
        });
        assertThat(await(compaction).reason()).contains("the disk is full");
        assertThat(compaction.progress().state()).isEqualTo(AskedCompaction.State.FAILED);
    }
}
