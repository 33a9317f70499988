package io.qaexchange.archive.erasure;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.archive.erasure.ErasureReport.Concerned;
import io.qaexchange.archive.erasure.ErasureReport.Place;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.LegalHold;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.RetiredFile;
import io.qaexchange.archive.manifest.RewrittenFile;
import io.qaexchange.archive.objects.NewFolder;
import io.qaexchange.archive.retention.DeletionLog;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.archive.tier.ColdFiles;
import io.qaexchange.archive.tier.TierCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Erases rows of an account or instrument from an archive, beside a running job or without one.
 *
 * <p>Every file with such rows is written again without them: files of the tables, of abandoned branches, and those that compacted files were made of. Then
 * one manifest version lists the new ones. Until then nobody sees them, so a crash leaves at most files that no version names. If another process
 * publishes first, the files that came with its version are looked at too. The former files are retired as
 * {@link RetiredFile.Reason#ERASED}, and {@link io.qaexchange.archive.retention.ArchiveRetention#runErased} deletes them without a grace time.
 *
 * <p>Rows under a legal hold stay, row by row. Rows that are hot are not in the archive: they are erased by a repetition, once they are.
 *
 * <p>One thread.
 */
public final class ArchiveErasure {

    /** Folder of the records of erasures. */
    public static final String FOLDER = "_erasures";
    private static final Logger LOG = LoggerFactory.getLogger(ArchiveErasure.class);
    private static final int PUBLISH_ATTEMPTS = 20;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final ManifestStore store;
    private final FileRewriter rewriter;
    private final TierCache cache;
    private final Clock clock;
    private final Consumer<String> steps;

    /** A file that may have rows to erase. */
    private record Source(DataFile file, Path path, Place place) {
    }

    /** The files and rows that one version erases. */
    private record Plan(ArchiveManifest latest, Map<Source, Long> rows, Map<String, Long> held) {
    }

    /** A new file, and the folder in which it lies: the archive's or that of abandoned branches. */
    private record Written(DataFile file, boolean superseded) {
    }

    /**
     * An erasure.
     *
     * @param temporary a local folder, which must exist
     * @param cache for files that are in an object store only; their copies are taken out of it afterwards
     * @param clock wall clock
     */
    public ArchiveErasure(ManifestStore store, java.nio.file.Path temporary, TierCache cache, Clock clock) {
        this(store, temporary, cache, clock, step -> { });
    }

    /** @param steps is told before and after each step that changes something, for tests that end there */
    ArchiveErasure(ManifestStore store, java.nio.file.Path temporary, TierCache cache, Clock clock, Consumer<String> steps) {
        this.store = store;
        this.rewriter = new FileRewriter(temporary);
        this.cache = cache;
        this.clock = clock;
        this.steps = steps;
    }

    /** The rows that {@link #run} would erase now. */
    public ErasureReport plan(Erasure request) throws IOException {
        Plan plan = plan(store.latest(), request, new HashMap<>());
        List<Concerned> files = new ArrayList<>();
        plan.rows.forEach((source, rows) -> files.add(new Concerned(source.file, source.place, rows, -1)));
        return new ErasureReport(request, files, plan.held);
    }

    /**
     * Erases.
     *
     * @throws IOException if a file is missing, damaged or changed, or an object store is away: nothing is erased then
     */
    public ErasureReport run(Erasure request) throws IOException {
        Map<String, RowCounts> scanned = new HashMap<>();
        Map<String, Written> written = new LinkedHashMap<>();
        try {
            for (int attempt = 0; attempt < PUBLISH_ATTEMPTS; attempt++) {
                Plan plan = plan(store.latest(), request, scanned);
                if (plan.rows.isEmpty()) {
                    writeRecords();
                    return new ErasureReport(request, List.of(), plan.held);
                }
                ErasureReport report = publish(plan, request, written);
                if (report != null) {
                    writeRecords();
                    forget(plan);
                    return report;
                }
            }
            throw new IOException("manifest version " + (store.latest().version() + 1) + " could not be created in " + PUBLISH_ATTEMPTS
                    + " attempts: nothing was erased");
        } finally {
            removeUnnamed(written);
        }
    }

    /** @return null if another process published first */
    private ErasureReport publish(Plan plan, Erasure request, Map<String, Written> written) throws IOException {
        Map<String, RewrittenFile> rewritten = new LinkedHashMap<>();
        List<Concerned> files = new ArrayList<>();
        int writtenFiles = 0;
        for (Map.Entry<Source, Long> each : plan.rows.entrySet()) {
            Source source = each.getKey();
            DataFile file = null;
            if (source.place != Place.LEAVING && each.getValue() < source.file.rows()) {
                file = write(plan, source, request, each.getValue(), written);
                writtenFiles++;
            }
            rewritten.put(source.file.batchId(), new RewrittenFile(source.file, file));
            files.add(new Concerned(source.file, source.place, each.getValue(), file == null ? 0 : file.lengthBytes()));
        }
        long rows = files.stream().filter(file -> file.place() == Place.TABLE || file.place() == Place.SUPERSEDED).mapToLong(Concerned::rows).sum();
        Erasure done = request.done(plan.latest.version() + 1, clock.millis(), writtenFiles, rows);
        ArchiveManifest next = plan.latest.withErased(rewritten, plan.latest.holds(), done, clock.millis());
        steps.accept("before publish");
        if (!store.publish(next)) {
            LOG.info("manifest version {} was published by another process; the files that came with it are looked at", next.version());
            return null;
        }
        steps.accept("after publish");
        return new ErasureReport(done, files, plan.held);
    }

    private DataFile write(Plan plan, Source source, Erasure request, long erased, Map<String, Written> written) throws IOException {
        boolean superseded = source.place == Place.SUPERSEDED;
        Written known = written.get(source.file.batchId());
        if (known == null) {
            steps.accept("before write");
            try (ColdFile open = open(plan.latest, source)) {
                DataFile file = rewriter.write(source.file, open.path(), rowsOf(plan.latest, request, source.file), erased, folder(superseded));
                known = new Written(file, superseded);
                written.put(source.file.batchId(), known);
            }
            steps.accept("after write");
        } else if (known.superseded != superseded) {
            // The job was restored meanwhile.
            Path target = new Path(folder(superseded), known.file.path());
            NewFolder.make(target.getParent());
            if (!target.getFileSystem().rename(new Path(folder(known.superseded), known.file.path()), target)) {
                throw new IOException("file " + known.file.path() + " could not be moved to " + target);
            }
            known = new Written(known.file, superseded);
            written.put(source.file.batchId(), known);
        }
        return known.file;
    }

    private Path folder(boolean superseded) {
        return superseded ? new Path(store.root(), ManifestStore.SUPERSEDED_FOLDER) : store.root();
    }

    private Plan plan(ArchiveManifest latest, Erasure request, Map<String, RowCounts> scanned) throws IOException {
        Map<Source, Long> rows = new LinkedHashMap<>();
        Map<String, Long> held = new TreeMap<>();
        for (Source source : sources(latest)) {
            DataFile file = source.file;
            if (!request.covers(file.table(), file.tradingDay()) || request.instrument() != null && !mayHave(file, request.instrument())) {
                continue;
            }
            RowCounts counts = scanned.get(file.batchId());
            if (counts == null || !counts.holds().equals(latest.holds())) {
                try (ColdFile open = open(latest, source)) {
                    counts = FileRewriter.count(file, open.path(), rowsOf(latest, request, file));
                }
                scanned.put(file.batchId(), counts);
            }
            if (source.place == Place.TABLE) {
                counts.held().forEach((hold, some) -> held.merge(hold, some, Long::sum));
            }
            if (counts.erased() > 0 && !(source.place == Place.LEAVING && latest.isHeld(file))) {
                rows.put(source, counts.erased());
            }
        }
        return new Plan(latest, rows, held);
    }

    private static ErasedRows rowsOf(ArchiveManifest latest, Erasure request, DataFile file) {
        return new ErasedRows(request, latest.holds(), file.table(), file.tradingDay());
    }

    private static boolean mayHave(DataFile file, String instrument) {
        return new LegalHold("", null, instrument, null, "", 0).holds(file);
    }

    private List<Source> sources(ArchiveManifest latest) throws IOException {
        List<Source> sources = new ArrayList<>();
        for (DataFile file : latest.files()) {
            sources.add(new Source(file, store.locate(file), Place.TABLE));
        }
        for (DataFile file : latest.superseded()) {
            // It stays at its place in the table while a reader has a lease.
            Path aside = store.locateSuperseded(file);
            boolean there = aside.getFileSystem().exists(aside) || !aside.getFileSystem().exists(store.locate(file));
            sources.add(new Source(file, there ? aside : store.locate(file), Place.SUPERSEDED));
        }
        for (RetiredFile retired : latest.retired()) {
            if (!retired.isDeleting() && retired.reason() != RetiredFile.Reason.ERASED) {
                sources.add(new Source(retired.file(), store.locate(retired.file()),
                        retired.reason() == RetiredFile.Reason.COMPACTED ? Place.COMPACTED : Place.LEAVING));
            }
        }
        return sources;
    }

    private ColdFile open(ArchiveManifest latest, Source source) throws IOException {
        return ColdFiles.of(store, latest, cache).open(source.file, source.path);
    }

    /** Takes the copies of objects that had such rows out of the cache. */
    private void forget(Plan plan) throws IOException {
        Map<String, RemoteCopy> copies = plan.latest.remoteByBatch();
        for (Source source : plan.rows.keySet()) {
            RemoteCopy copy = copies.get(source.file.batchId());
            if (copy != null) {
                cache.forget(copy.sha256());
            }
        }
    }

    /** Writes the record of each erasure that the manifest has, unless it is there: a run may have been killed in front of it. */
    private void writeRecords() throws IOException {
        for (Erasure erasure : store.latest().erasures()) {
            ObjectNode row = JSON.createObjectNode().put("manifest_version", erasure.manifestVersion()).put("erased_at_ms", erasure.atMs())
                    .put("id", erasure.id()).put("account", erasure.account()).put("instrument", erasure.instrument())
                    .put("from_day", erasure.fromDay()).put("to_day", erasure.toDay()).put("reason", erasure.reason())
                    .put("files", erasure.files()).put("rows", erasure.rows());
            if (erasure.tables() != null) {
                erasure.tables().forEach(row.withArray("tables")::add);
            }
            steps.accept("before record");
            DeletionLog.write(store, FOLDER, erasure.manifestVersion(), (JSON.writeValueAsString(row) + "\n").getBytes(StandardCharsets.UTF_8));
            steps.accept("after record");
        }
    }

    /** Removes new files that no version names. */
    private void removeUnnamed(Map<String, Written> written) {
        if (written.isEmpty()) {
            return;
        }
        try {
            var named = store.latest().everyPath();
            for (Written file : written.values()) {
                String path = (file.superseded ? ManifestStore.SUPERSEDED_FOLDER + "/" : "") + file.file.path();
                Path lies = new Path(store.root(), path);
                FileSystem fileSystem = lies.getFileSystem();
                if (!named.contains(path) && !named.contains(file.file.path()) && fileSystem.exists(lies)) {
                    fileSystem.delete(lies, false);
                }
            }
        } catch (IOException e) {
            LOG.warn("files that were written again may be left without a name in the manifest; the retention removes them after a day", e);
        }
    }
}
