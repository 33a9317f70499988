package io.qaexchange.job.query.sql;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.archive.tier.ColdFiles;
import io.qaexchange.archive.tier.TierSettings;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.OperatorUids;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.query.hot.HotFilter;
import io.qaexchange.job.query.hot.HotRow;
import io.qaexchange.job.query.hot.RowFilter;
import io.qaexchange.job.query.union.UnionReader;
import io.qaexchange.parquet.bar.FileBars;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;

/** Where the tables of SQL take their rows from: cold files and hot rows that belong together. */
public interface RowSource {

    /** No rows. */
    RowSource NONE = ofFiles(List.of(), file -> {
        throw new IllegalStateException("there are no files");
    }, Set.of());

    /** All files, of events and of the ledger. */
    List<DataFile> files();

    /** Opens a file, wherever it is. Whoever does closes it. */
    ColdFile open(DataFile file) throws IOException;

    /** The tier that a file is in, such as local or remote. */
    default String tierOf(DataFile file) {
        return ColdFiles.tierOf((RemoteCopy) null);
    }

    /** Folders on the local disk that files lie in, whatever depth. */
    Set<String> folders();

    /** Instruments as the job had them. */
    Instruments instruments();

    /** Visits the hot rows that a filter lets through. */
    void forEachHotRow(HotFilter filter, HotRow visitor) throws Exception;

    /**
     * Bars of the hot rows that a filter lets through, if the source can make them without giving the rows.
     *
     * @param widthSeconds width of the bars, which begin at multiples of it since 1970
     * @return of each trading day maybe several, which add up; null if the rows are to be visited
     */
    @Nullable
    default List<FileBars> hotBars(RecordType type, RowFilter filter, int widthSeconds) throws IOException {
        return null;
    }

    /** Rows of the ledger's tables that are in no file yet. */
    List<LedgerRow> hotLedgerRows() throws Exception;

    /**
     * Rows of a system table. Files are known everywhere, the others to a server.
     *
     * @throws WrongSqlException if there is no such table without a server
     */
    default List<Object[]> systemRows(SystemTable table) throws Exception {
        if (table == SystemTable.QA_FILES) {
            return FileRows.of(files(), this::tierOf);
        }
        throw new WrongSqlException("table " + table.table() + " tells about a running server, and none is asked: start one (bin/serve), or name one (--server URL)");
    }

    /** Hot and cold rows. */
    static RowSource of(UnionReader union) {
        return new RowSource() {
            @Override
            public List<DataFile> files() {
                return Stream.concat(union.files().stream(), union.otherFiles().stream()).toList();
            }

            @Override
            public ColdFile open(DataFile file) throws IOException {
                return union.open(file);
            }

            @Override
            public String tierOf(DataFile file) {
                return union.tierOf(file);
            }

            @Override
            public Set<String> folders() {
                return localFolders(union.archiveFolder());
            }

            @Override
            public Instruments instruments() {
                return union.instruments();
            }

            @Override
            public void forEachHotRow(HotFilter filter, HotRow visitor) throws Exception {
                union.forEachHotRow(filter, visitor);
            }

            @Override
            public List<LedgerRow> hotLedgerRows() throws Exception {
                return union.checkpoint().listState(OperatorUids.LEDGER_TABLES, LedgerRow.state());
            }
        };
    }

    /** The newest version of an archive, without hot rows. */
    static RowSource of(ManifestStore store) throws IOException {
        return of(store, store.latest());
    }

    /** A version of an archive, without hot rows. */
    static RowSource of(ManifestStore store, ArchiveManifest manifest) {
        ColdFiles files = ColdFiles.of(store, manifest);
        return ofFiles(manifest.files(), files::open, files::tierOf, localFolders(store.root()));
    }

    /** The folders in which files of an archive are read: its own, unless it is not on the local disk, and the cache of files that are elsewhere. */
    static Set<String> localFolders(Path archive) {
        String scheme = archive.toUri().getScheme();
        String cache = TierSettings.folder().toString();
        return scheme == null || scheme.equals("file") ? Set.copyOf(List.of(archive.getPath(), cache)) : Set.of(cache);
    }

    /** Opens files. */
    @FunctionalInterface
    interface Opener {
        ColdFile open(DataFile file) throws IOException;
    }

    /** Archived files alone, without hot rows. */
    static RowSource ofFiles(List<DataFile> files, Opener opener, Set<String> folders) {
        return ofFiles(files, opener, file -> ColdFiles.tierOf((RemoteCopy) null), folders);
    }

    private static RowSource ofFiles(List<DataFile> files, Opener opener, Function<DataFile, String> tiers, Set<String> folders) {
        return new RowSource() {
            @Override
            public List<DataFile> files() {
                return files;
            }

            @Override
            public ColdFile open(DataFile file) throws IOException {
                return opener.open(file);
            }

            @Override
            public String tierOf(DataFile file) {
                return tiers.apply(file);
            }

            @Override
            public Set<String> folders() {
                return folders;
            }

            @Override
            public Instruments instruments() {
                return Instruments.defaults();
            }

            @Override
            public void forEachHotRow(HotFilter filter, HotRow visitor) {
                // There are none.
            }

            @Override
            public List<LedgerRow> hotLedgerRows() {
                return List.of();
            }
        };
    }
}
