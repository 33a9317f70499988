package io.qaexchange.job.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.flink.api.common.TaskInfo;

/**
 * The temporary folder of one attempt of one subtask, for files that are being written or wait to be copied. Creating it removes what
 * earlier attempts of the same subtask left behind on this machine.
 */
final class ArchiveFolder {

    private final Path path;

    private ArchiveFolder(Path path) {
        this.path = path;
    }

    static ArchiveFolder create(Path temporary, String jobId, String operatorId, TaskInfo task) throws IOException {
        Path parent = Files.createDirectories(temporary.resolve("qaexchange-archive-" + jobId));
        String prefix = operatorId + "-" + task.getIndexOfThisSubtask() + "-";
        List<Path> left;
        try (Stream<Path> entries = Files.list(parent)) {
            left = entries.filter(entry -> entry.getFileName().toString().startsWith(prefix)).toList();
        }
        for (Path folder : left) {
            delete(folder);
        }
        return new ArchiveFolder(Files.createDirectory(parent.resolve(prefix + task.getAttemptNumber() + "-" + UUID.randomUUID())));
    }

    Path path() {
        return path;
    }

    void delete() throws IOException {
        delete(path);
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> entries = Files.walk(folder)) {
            for (Path entry : entries.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(entry);
            }
        } catch (NoSuchFileException e) {
            // Another subtask or the sink removed it first, which is what is wanted.
        }
    }
}
