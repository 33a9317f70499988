package io.qaexchange.job.cli;

import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.stream.JobOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.apache.flink.runtime.testutils.CommonTestUtils;

/**
 * How far a job is, by its newest complete Flink checkpoint, whatever becomes of its processes.
 *
 * @param checkpoints folder of the job's checkpoints
 * @param messages how many there are to be consumed
 */
record CheckpointProgress(Path checkpoints, long messages) {

    private static final String PREFIX = "chk-";
    private static final long LOOK_AGAIN_MS = 250;

    private interface Condition {
        boolean holds() throws Exception;
    }

    /** Waits until a checkpoint holds more messages than the newest does now, or a newer one all of them. */
    void awaitMore(String what, Duration timeout) throws Exception {
        long before = consumed();
        long checkpoint = newestId();
        await("progress after " + what, timeout, () -> consumed() > before || consumed() >= messages && newestId() > checkpoint);
    }

    /** Waits until a checkpoint holds all messages. */
    void awaitAll(Duration timeout) throws Exception {
        await("all messages consumed", timeout, () -> consumed() >= messages);
    }

    private void await(String what, Duration timeout, Condition condition) throws Exception {
        long deadlineNs = System.nanoTime() + timeout.toNanos();
        CommonTestUtils.waitUntilCondition(() -> {
            if (System.nanoTime() > deadlineNs) {
                throw new TimeoutException("no " + what + " within " + timeout.toSeconds() + " s; consumed " + consumed());
            }
            return condition.holds();
        }, LOOK_AGAIN_MS);
    }

    /** Messages in the newest checkpoint; 0 if there is none. */
    private long consumed() throws Exception {
        while (true) {
            Optional<Path> newest = newest();
            if (newest.isEmpty()) {
                return 0;
            }
            try {
                return CheckpointReader.open(JobOptions.folderUri(newest.get())).consumed();
            } catch (IOException e) {
                if (Files.exists(newest.get().resolve("_metadata"))) {
                    throw e;
                }
            }
        }
    }

    /** -1 if there is none. */
    private long newestId() throws IOException {
        return newest().map(CheckpointProgress::id).orElse(-1L);
    }

    private static long id(Path checkpoint) {
        return Long.parseLong(checkpoint.getFileName().toString().substring(PREFIX.length()));
    }

    private Optional<Path> newest() throws IOException {
        if (!Files.exists(checkpoints)) {
            return Optional.empty();
        }
        try (Stream<Path> folders = Files.list(checkpoints)) {
            return folders.filter(folder -> folder.getFileName().toString().startsWith(PREFIX) && Files.exists(folder.resolve("_metadata")))
                    .max(Comparator.comparingLong(CheckpointProgress::id));
        } catch (UncheckedIOException e) {
            if (e.getCause() instanceof NoSuchFileException) {
                return Optional.empty();
            }
            throw e;
        }
    }
}
