package io.qaexchange.job.stream.archive;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.util.FileUtils;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The temporary folder of one attempt of one subtask, for files that are being written or wait to be copied by the sink.
 *
 * <p>A file that was handed over belongs to the sink, which may copy it after this task has ended. So closing does not delete it. Creating
 * a folder removes what earlier attempts of the same subtask left behind on this machine, and what other jobs left a day ago or more.
 */
public final class ArchiveFolder {

    private static final Logger LOG = LoggerFactory.getLogger(ArchiveFolder.class);

    private static final String PREFIX = "qaexchange-archive-";
    private static final Duration ABANDONED = Duration.ofDays(1);
    private static final int CREATE_ATTEMPTS = 100;

    private final Path path;

    private ArchiveFolder(Path path) {
        this.path = path;
    }

    /** The folder of an attempt. */
    public static ArchiveFolder create(Path temporary, String jobId, String operatorId, TaskInfo task) throws IOException {
        deleteAbandoned(temporary);
        Path parent = ofJob(temporary, jobId);
        String prefix = operatorId + "-" + task.getIndexOfThisSubtask() + "-";
        for (int attempt = 1;; attempt++) {
            try {
                Files.createDirectories(parent);
                deleteEarlier(parent, prefix);
                return new ArchiveFolder(Files.createDirectory(parent.resolve(prefix + task.getAttemptNumber() + "-" + UUID.randomUUID())));
            } catch (NoSuchFileException | FileAlreadyExistsException e) {
                // Either is how it looks when the folder of the job goes meanwhile.
                if (attempt == CREATE_ATTEMPTS) {
                    throw e;
                }
                LOG.debug("{} was removed by a task that ended, attempt {}", parent, attempt, e);
            }
        }
    }

    /** Holds the folders of all subtasks of a job on this machine. */
    public static Path ofJob(Path temporary, String jobId) {
        return temporary.resolve(PREFIX + jobId);
    }

    public Path path() {
        return path;
    }

    /** Removes the folder, and that of the job, unless a file in them still waits for the sink. */
    public void deleteIfEmpty() throws IOException {
        try {
            Files.deleteIfExists(path);
            Files.deleteIfExists(path.getParent());
        } catch (DirectoryNotEmptyException e) {
            LOG.debug("{} still holds files that the sink has to copy, or other tasks' folders", e.getFile(), e);
        }
    }

    private static void deleteEarlier(Path parent, String prefix) throws IOException {
        List<Path> left;
        try (Stream<Path> entries = Files.list(parent)) {
            left = entries.filter(entry -> entry.getFileName().toString().startsWith(prefix)).toList();
        }
        for (Path folder : left) {
            FileUtils.deleteDirectory(folder.toFile());
        }
    }

    private static void deleteAbandoned(Path temporary) throws IOException {
        Instant before = Instant.now().minus(ABANDONED);
        List<Path> folders;
        try (Stream<Path> entries = Files.list(temporary)) {
            folders = entries.filter(entry -> entry.getFileName().toString().startsWith(PREFIX)).toList();
        }
        for (Path folder : folders) {
            try {
                if (Files.getLastModifiedTime(folder).toInstant().isBefore(before)) {
                    FileUtils.deleteDirectory(folder.toFile());
                }
            } catch (NoSuchFileException e) {
                LOG.debug("{} was removed by another task", folder, e);
            }
        }
    }
}
