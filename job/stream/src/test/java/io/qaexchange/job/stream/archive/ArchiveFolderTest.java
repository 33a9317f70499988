package io.qaexchange.job.stream.archive;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.TaskInfoImpl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ArchiveFolderTest {

    private static final int TASKS = 4;

    @TempDir
    private Path temporary;

    @Test
    void leavesNothingBehind() throws Exception {
        ArchiveFolder first = create("job", 0, 0);
        ArchiveFolder second = create("job", 1, 0);
        Files.writeString(second.path().resolve("a.parquet"), "waits for the sink");

        first.deleteIfEmpty();
        second.deleteIfEmpty();
        assertThat(first.path()).doesNotExist();
        assertThat(second.path().resolve("a.parquet")).exists();

        Files.delete(second.path().resolve("a.parquet"));
        second.deleteIfEmpty();
        assertThat(temporary).isEmptyDirectory();
    }

    @Test
    void removesWhatAnEarlierAttemptOfTheSubtaskLeft() throws Exception {
        ArchiveFolder earlier = create("job", 0, 0);
        ArchiveFolder neighbour = create("job", 1, 0);
        Files.writeString(earlier.path().resolve("a.parquet"), "half a file");

        ArchiveFolder later = create("job", 0, 1);

        assertThat(earlier.path()).doesNotExist();
        assertThat(neighbour.path()).exists();
        assertThat(later.path()).isEmptyDirectory();
    }

    /** All subtasks of a job start at once, and each finds the same folders to remove. */
    @Test
    void removesTogetherWithOtherTasksWhatJobsLeftADayAgo() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(TASKS);
        try {
            for (int round = 0; round < 40; round++) {
                for (int i = 0; i < 5; i++) {
                    abandon("round" + round + "-" + i);
                }
                CyclicBarrier start = new CyclicBarrier(TASKS);
                List<Future<ArchiveFolder>> created = new ArrayList<>();
                String job = "job" + round;
                for (int task = 0; task < TASKS; task++) {
                    int subtask = task;
                    created.add(threads.submit(() -> {
                        start.await();
                        return create(job, subtask, 0);
                    }));
                }
                for (Future<ArchiveFolder> folder : created) {
                    assertThat(folder.get().path()).isEmptyDirectory();
                    folder.get().deleteIfEmpty();
                }
                assertThat(temporary).as("round %s", round).isEmptyDirectory();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** One task ends and takes the folder of the job with it while another begins. */
    @Test
    void createsWhileAnotherTaskRemovesTheFolderOfTheJob() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(TASKS);
        try {
            List<Future<?>> tasks = new ArrayList<>();
            for (int task = 0; task < TASKS; task++) {
                int subtask = task;
                tasks.add(threads.submit(() -> {
                    for (int i = 0; i < 300; i++) {
                        create("job", subtask, i).deleteIfEmpty();
                    }
                    return null;
                }));
            }
            for (Future<?> task : tasks) {
                task.get();
            }
        } finally {
            threads.shutdownNow();
        }
        assertThat(temporary).isEmptyDirectory();
    }

    private void abandon(String job) throws Exception {
        Path folder = create(job, 0, 0).path();
        for (int i = 0; i < 20; i++) {
            Files.writeString(Files.createDirectories(folder.resolve("table" + i)).resolve("a.parquet"), "nobody wants it");
        }
        Files.setLastModifiedTime(folder.getParent(), FileTime.from(Instant.now().minus(2, ChronoUnit.DAYS)));
    }

    private ArchiveFolder create(String job, int subtask, int attempt) throws Exception {
        TaskInfo task = new TaskInfoImpl("event store", 128, subtask, TASKS, attempt);
        return ArchiveFolder.create(temporary, job, "operator", task);
    }
}
