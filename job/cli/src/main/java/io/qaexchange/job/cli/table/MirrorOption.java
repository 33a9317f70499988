package io.qaexchange.job.cli.table;

import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.iceberg.IcebergMirror;
import io.qaexchange.job.cli.archive.ArchiveOption;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.nio.file.Path;
import javax.annotation.Nullable;
import picocli.CommandLine.Option;

/** The archive whose tables a command is about. */
final class MirrorOption {

    @Nullable
    @Option(names = "--archive", paramLabel = "DIR", description = "Folder or URI of the archive, such as run/archive.")
    private String archive;
    @Nullable
    @Option(names = "--dir", paramLabel = "DIR", description = "Folder of a demo, such as demo-data: its archive.")
    private Path dir;

    /**
     * The mirror of the archive.
     *
     * @throws UsageException if there is no archive
     */
    IcebergMirror open() throws IOException {
        return IcebergMirror.of(store());
    }

    /**
     * The archive.
     *
     * @throws UsageException if there is none
     */
    ManifestStore store() throws IOException {
        if ((archive == null) == (dir == null)) {
            throw new UsageException("say which archive: --archive DIR or --dir DIR");
        }
        return ArchiveOption.open(archive != null ? archive : dir.resolve("archive").toString());
    }
}
