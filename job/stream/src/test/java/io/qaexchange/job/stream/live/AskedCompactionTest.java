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
        AskedCompaction compaction = new AskedCompaction("test", () -> {
            try {
                may.await();
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
        }, CLOCK);
        assertThat(compaction.progress().state()).isEqualTo(AskedCompaction.State.NONE);
        assertThat(compaction.start()).isTrue();
        assertThat(compaction.start()).as("a second one").isFalse();
        may.countDown();
        assertThat(await(compaction)).isEqualTo(new AskedCompaction.Progress(AskedCompaction.State.DONE, 1_000, 1_000, ""));
        assertThat(compaction.start()).as("after the end").isTrue();
    }

    @Test
    void isCancelled() {
        AskedCompaction compaction = new AskedCompaction("test", () -> {
            try {
                new CountDownLatch(1).await();
            } catch (InterruptedException e) {
                throw new InterruptedIOException();
            }
        }, CLOCK);
        compaction.cancel();
        assertThat(compaction.start()).isTrue();
        compaction.cancel();
        assertThat(await(compaction).state()).isEqualTo(AskedCompaction.State.CANCELLED);
    }

    @Test
    void saysWhyItFailed() {
        AskedCompaction compaction = new AskedCompaction("test", () -> {
            throw new IOException("the disk is full");
        }, CLOCK);
        compaction.start();
        assertThat(await(compaction).reason()).contains("the disk is full");
        assertThat(compaction.progress().state()).isEqualTo(AskedCompaction.State.FAILED);
    }
}
