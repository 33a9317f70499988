package io.qaexchange.job.query.sql;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import javax.annotation.Nullable;

/**
 * Finds out which archived file made a query fail: DuckDB names a file that is missing, and says of a damaged one no more than that something could not be
 * decompressed. Stateless.
 */
final class DamagedFiles {

    /** At most so many bytes are hashed; a query that failed has waited long enough. */
    private static final long MOST_BYTES = 1L << 30;

    private DamagedFiles() {
    }

    /**
     * A sentence about the first file that is not what the archive manifest says.
     *
     * @return null if all are, as far as was looked
     */
    @Nullable
    static String find(List<DataFile> files, Function<DataFile, Path> locate) {
        String advice = "; bin/archive verify compares every file with its hash. Restore it from a backup";
        for (DataFile file : files) {
            Path path = locate.apply(file);
            try {
                if (!Files.exists(path)) {
                    return "archived file " + path + " is in the archive manifest and not there" + advice;
                }
                if (Files.size(path) != file.lengthBytes()) {
                    return "archived file " + path + " is damaged: it has " + Files.size(path) + " bytes, the archive manifest says " + file.lengthBytes() + advice;
                }
            } catch (IOException e) {
                return "archived file " + path + " cannot be read: " + e.getMessage() + advice;
            }
        }
        long left = MOST_BYTES;
        for (DataFile file : files) {
            left -= file.lengthBytes();
            if (left < 0 || file.sha256() == null) {
                continue;
            }
            Path path = locate.apply(file);
            try {
                if (!Sha256.of(new org.apache.flink.core.fs.Path(path.toUri())).equals(file.sha256())) {
                    return "archived file " + path + " is damaged: its bytes are not those that the archive manifest has the hash of" + advice;
                }
            } catch (IOException e) {
                return "archived file " + path + " cannot be read: " + e.getMessage() + advice;
            }
        }
        return null;
    }
}
