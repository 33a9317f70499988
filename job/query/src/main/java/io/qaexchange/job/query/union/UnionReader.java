package io.qaexchange.job.query.union;

import static java.util.Objects.requireNonNull;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.ExpiredBatch;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.archive.tier.ColdFiles;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.query.hot.HotFilter;
import io.qaexchange.job.query.hot.HotRow;
import io.qaexchange.parquet.ArchivedEvent;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.TableReader;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import org.apache.flink.core.fs.Path;

/**
 * Every event that a checkpoint stands for, once: hot rows of the checkpoint and cold rows of the archive as of that checkpoint.
 *
 * <p>The checkpoint is opened first and the manifest afterwards. Rows leave the hot state only after they were published, so none is
 * missing; what is in the files read here is hidden in the hot state, so none comes twice.
 */
public final class UnionReader {

    private final CheckpointReader checkpoint;
    private final ColdFiles coldFiles;
    private final Path archiveFolder;
    private final Instruments instruments;
    private final List<DataFile> files;
    private final List<DataFile> otherFiles;
    private final Set<String> published;
    private final List<ExpiredBatch> expired;
    private final List<Erasure> erasures;
    private final ArchiveManifest manifest;

    /** Takes archived rows. */
    @FunctionalInterface
    public interface ColdRow {
        /** A row; the event is valid only within the call. */
        void accept(DataFile file, ArchivedEvent event) throws Exception;
    }

    private UnionReader(CheckpointReader checkpoint, ManifestStore store, Instruments instruments, List<DataFile> files, ArchiveManifest manifest) {
        this.checkpoint = checkpoint;
        this.coldFiles = ColdFiles.of(store, manifest);
        this.archiveFolder = store.root();
        this.instruments = instruments;
        this.files = files.stream().filter(file -> EventSchema.get().findTable(file.table()) != null).toList();
        this.otherFiles = files.stream().filter(file -> EventSchema.get().findTable(file.table()) == null).toList();
        this.published = manifest.notHot(files);
        this.expired = manifest.expired();
        this.erasures = manifest.erasures();
        this.manifest = manifest;
    }

    /**
     * Opens both sides.
     *
     * @param checkpointPath folder of a checkpoint or savepoint
     * @param archive folder of the archive
     * @param instruments as the job had them
     * @throws IllegalArgumentException if the archive has gone on from an earlier point than the checkpoint
     */
    public static UnionReader open(String checkpointPath, Path archive, Instruments instruments) throws Exception {
        requireNonNull(archive, "archive");
        return open(CheckpointReader.open(checkpointPath), archive, requireNonNull(instruments, "instruments"));
    }

    /** Opens the archive beside a checkpoint that was opened before. */
    public static UnionReader open(CheckpointReader checkpoint, Path archive, Instruments instruments) throws Exception {
        ManifestStore store = ManifestStore.of(archive);
        ArchiveManifest manifest = store.latest();
        List<DataFile> files = manifest.filesAsOf(checkpoint.epoch(), checkpoint.checkpointId());
        return new UnionReader(checkpoint, store, instruments, files, manifest);
    }

    public CheckpointReader checkpoint() {
        return checkpoint;
    }

    /** Version of the archive manifest. */
    public long manifestVersion() {
        return manifest.version();
    }

    /** The version of the archive manifest that was read. */
    public ArchiveManifest manifest() {
        return manifest;
    }

    /** The files of events in the archive as of the checkpoint. */
    public List<DataFile> files() {
        return files;
    }

    /** The files of tables whose rows are no events: the ledger's. */
    public List<DataFile> otherFiles() {
        return otherFiles;
    }

    /** Batches whose rows the retention let go. */
    public List<ExpiredBatch> expired() {
        return expired;
    }

    /** Rows that were erased by request. */
    public List<Erasure> erasures() {
        return erasures;
    }

    /** Opens a file, wherever it is. Whoever does closes it. */
    public ColdFile open(DataFile file) throws IOException {
        return coldFiles.open(file);
    }

    /** The tier that a file is in. */
    public String tierOf(DataFile file) {
        return coldFiles.tierOf(file);
    }

    /** The folder of the archive. */
    public Path archiveFolder() {
        return archiveFolder;
    }

    /** Visits the hot rows. */
    public void forEachHotRow(HotRow visitor) throws Exception {
        checkpoint.forEachHotRow(published, instruments, visitor);
    }

    /** Visits the hot rows that a filter lets through. */
    public void forEachHotRow(HotFilter filter, HotRow visitor) throws Exception {
        checkpoint.forEachHotRow(published, instruments, filter, visitor);
    }

    /** Instruments as the job had them. */
    public Instruments instruments() {
        return instruments;
    }

    /**
     * Visits the rows of one file.
     *
     * @throws IOException if it is missing or damaged
     */
    public void forEachRow(DataFile file, ColdRow visitor) throws Exception {
        forEachRow(coldFiles, file, visitor);
    }

    /** Visits the rows of one file of an archive. */
    public static void forEachRow(ColdFiles files, DataFile file, ColdRow visitor) throws Exception {
        try (ColdFile cold = files.open(file)) {
            long rows = 0;
            try (TableReader reader = TableReader.open(input(cold))) {
                for (ArchivedEvent event = reader.next(); event != null; event = reader.next()) {
                    visitor.accept(file, event);
                    rows++;
                }
            }
            if (rows != file.rows()) {
                throw new IOException("file " + cold.path() + " has " + rows + " rows, the manifest says " + file.rows());
            }
        }
    }

    private static FlinkInputFile input(ColdFile file) throws IOException {
        try {
            return FlinkInputFile.of(file.path());
        } catch (FileNotFoundException e) {
            throw (IOException) new FileNotFoundException("file " + file.path() + " is in the manifest and not there").initCause(e);
        }
    }
}
