package io.qaexchange.iceberg;

import io.qaexchange.archive.manifest.ManifestStore;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The tables of the mirror as a catalogue shows them, whoever writes them. Thread-safe: has no state. */
public final class IcebergCatalog {

    private static final Logger LOG = LoggerFactory.getLogger(IcebergCatalog.class);
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_]{1,100}");
    private static final int ATTEMPTS = 3;

    private final MirrorFiles files;
    private final String folder;

    /**
     * The newest metadata of a table.
     *
     * @param location its file
     * @param version its number
     * @param json its content
     */
    public record Metadata(String location, int version, String json) {
    }

    private IcebergCatalog(MirrorFiles files, String folder) {
        this.files = files;
        this.folder = folder;
    }

    /** The tables of an archive. */
    public static IcebergCatalog of(ManifestStore store) {
        return new IcebergCatalog(new FlinkFiles(), TableFiles.locationOf(new Path(store.root(), IcebergMirror.FOLDER)));
    }

    /** Names of the tables, ascending. */
    public List<String> tables() throws IOException {
        List<String> tables = new ArrayList<>();
        for (String name : files.list(folder)) {
            if (exists(name)) {
                tables.add(name);
            }
        }
        tables.sort(null);
        return tables;
    }

    /** Whether there is a table of that name. */
    public boolean exists(String name) throws IOException {
        return NAME.matcher(name).matches() && MirrorOperations.newestVersion(files, folder + "/" + name) > 0;
    }

    /** The newest metadata of a table, as a view shows it; null if there is no such table. */
    @Nullable
    public Metadata load(String name, NanosecondView view) throws IOException {
        for (int attempt = 1; NAME.matcher(name).matches(); attempt++) {
            int version = MirrorOperations.newestVersion(files, folder + "/" + name);
            if (version == 0) {
                return null;
            }
            String location = MirrorOperations.fileOf(folder + "/" + name, version);
            try {
                return new Metadata(location, version, view.of(new String(files.read(location), StandardCharsets.UTF_8)));
            } catch (FileNotFoundException e) {
                if (attempt == ATTEMPTS) {
                    throw e;
                }
                LOG.info("metadata {} was put aside while it was read; reading the newest again", location, e);
            }
        }
        return null;
    }
}
