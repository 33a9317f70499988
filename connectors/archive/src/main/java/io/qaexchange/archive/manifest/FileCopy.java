package io.qaexchange.archive.manifest;

import io.qaexchange.archive.objects.NewFolder;
import java.io.IOException;
import java.nio.file.Files;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/**
 * Copies finished local files into an archive: under a hidden name, read back and compared, then renamed. Until a manifest version names it, nobody reads
 * it; one that a killed process left is removed by the retention after a day. Stateless.
 */
public final class FileCopy {

    /** Names of files that an erasure wrote again begin with it. */
    public static final String REWRITTEN_PREFIX = "rewritten-";
    /** Names of such files that are being copied begin with it. */
    public static final String REWRITING_PREFIX = ".rewriting-";

    private FileCopy() {
    }

    /**
     * Copies a file.
     *
     * @param hidden its name meanwhile; not there after a failure
     * @param sha256 SHA-256 of its bytes
     */
    public static void into(java.nio.file.Path local, Path hidden, Path target, String sha256) throws IOException {
        FileSystem fileSystem = target.getFileSystem();
        NewFolder.make(target.getParent());
        boolean done = false;
        try {
            try (FSDataOutputStream out = fileSystem.create(hidden, FileSystem.WriteMode.NO_OVERWRITE)) {
                Files.copy(local, out);
                out.sync();
            }
            String hash = Sha256.of(hidden);
            if (!hash.equals(sha256)) {
                throw new IOException("file " + hidden + " reads back with SHA-256 " + hash + ", written was " + sha256);
            }
            if (!fileSystem.rename(hidden, target)) {
                throw new IOException("file " + hidden + " could not be renamed to " + target);
            }
            done = true;
        } finally {
            if (!done && fileSystem.exists(hidden)) {
                fileSystem.delete(hidden, false);
            }
        }
    }
}
