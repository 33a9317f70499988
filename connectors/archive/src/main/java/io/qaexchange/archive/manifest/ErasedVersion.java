package io.qaexchange.archive.manifest;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes the manifest version in which files without some rows stand for others.
 *
 * <p>A rewritten file has an identity of its own, and the batches of its source: so readers, restores and the job take it by the same rules. A batch
 * without rows is {@code expired}, with no row. The files that a compacted file was made of are rewritten with it, so that a restore between them still
 * finds them.
 *
 * <p>One thread; for one use.
 */
final class ErasedVersion {

    private final ArchiveManifest before;
    private final Map<String, RewrittenFile> rewritten;
    private final long nowMs;
    private final List<RetiredFile> retired = new ArrayList<>();
    /** Rows of batches that are a file of their own, after the erasure. */
    private final Map<String, Long> rowsOfBatch = new HashMap<>();
    private final Set<String> emptied = new HashSet<>();
    private final Set<String> used = new HashSet<>();

    ErasedVersion(ArchiveManifest before, Map<String, RewrittenFile> rewritten, long nowMs) {
        this.before = before;
        // Asked for files that no other has replaced, too, whose identity is null.
        this.rewritten = new LinkedHashMap<>(rewritten);
        this.nowMs = nowMs;
    }

    ArchiveManifest next(Erasure erasure) {
        count();
        List<DataFile> files = listed(before.files(), "");
        List<DataFile> superseded = listed(before.superseded(), ManifestStore.SUPERSEDED_FOLDER + "/");
        List<RetiredFile> parts = parts();
        if (!used.equals(rewritten.keySet())) {
            Set<String> gone = new HashSet<>(rewritten.keySet());
            gone.removeAll(used);
            throw new IllegalArgumentException("file " + rewritten.get(gone.iterator().next()).source().path() + " is not in manifest version "
                    + before.version() + " any more, or is being deleted");
        }
        parts.addAll(retired);
        List<Erasure> erasures = new ArrayList<>(before.erasures());
        erasures.add(erasure.done(before.version() + 1, nowMs, erasure.files(), erasure.rows()));
        return new ArchiveManifest(ArchiveManifest.ERASED_FORMAT_VERSION, before.version() + 1, before.currentEpoch(), before.epochs(), files, superseded,
                parts, expired(), before.holds(), before.remote(), erasures);
    }

    /** Counts the rows of batches, as far as files of one batch tell. */
    private void count() {
        List<DataFile> all = new ArrayList<>(before.files());
        all.addAll(before.superseded());
        before.retired().stream().filter(ErasedVersion::isPart).map(RetiredFile::file).forEach(all::add);
        for (DataFile file : all) {
            RewrittenFile to = rewritten.get(file.batchId());
            long rows = to == null ? file.rows() : to.file() == null ? 0 : to.file().rows();
            if (file.batches().size() == 1) {
                rowsOfBatch.put(file.batches().get(0).batchId(), rows);
            }
            if (rows == 0) {
                file.batches().forEach(batch -> emptied.add(batch.batchId()));
            }
        }
    }

    /** Whether a retired file may be taken again, by a restore. */
    private static boolean isPart(RetiredFile file) {
        return file.reason() == RetiredFile.Reason.COMPACTED && !file.isDeleting();
    }

    private List<DataFile> listed(List<DataFile> files, String folder) {
        List<DataFile> next = new ArrayList<>();
        for (DataFile file : files) {
            RewrittenFile to = use(file);
            if (to == null) {
                next.add(file);
                continue;
            }
            retired.add(RetiredFile.now(file.movedTo(folder + file.path()), RetiredFile.Reason.ERASED, null, nowMs));
            if (to.file() != null) {
                next.add(described(to));
            }
        }
        return next;
    }

    private RewrittenFile use(DataFile file) {
        RewrittenFile to = rewritten.get(file.batchId());
        if (to == null || !to.source().equals(file)) {
            return null;
        }
        used.add(file.batchId());
        return to;
    }

    private List<RetiredFile> parts() {
        List<RetiredFile> next = new ArrayList<>();
        for (RetiredFile file : before.retired()) {
            RewrittenFile to = file.isDeleting() ? null : use(file.file());
            RewrittenFile by = rewritten.get(file.replacedBy());
            String replacedBy = by == null ? file.replacedBy() : by.file() == null ? null : by.file().batchId();
            if (to == null) {
                next.add(file.of(file.file(), replacedBy));
                continue;
            }
            retired.add(RetiredFile.now(file.file(), RetiredFile.Reason.ERASED, null, nowMs));
            if (isPart(file) && to.file() != null) {
                next.add(file.of(described(to), replacedBy));
            }
        }
        return next;
    }

    /** The file with its batches, of which those without rows are left out. The rows of batches that no other file tells are counted in their order. */
    private DataFile described(RewrittenFile to) {
        List<ArchivedBatch> batches = to.source().batches();
        long known = batches.stream().mapToLong(batch -> rowsOfBatch.getOrDefault(batch.batchId(), 0L)).sum();
        long rest = to.file().rows() - known;
        List<ArchivedBatch> next = new ArrayList<>();
        for (ArchivedBatch batch : batches) {
            if (emptied.contains(batch.batchId())) {
                continue;
            }
            Long rows = rowsOfBatch.get(batch.batchId());
            if (rows == null) {
                rows = Math.min(rest, batch.rows());
                rest -= rows;
            }
            next.add(batch.withRows(rows));
        }
        if (rest != 0 || next.stream().anyMatch(batch -> batch.rows() < 0)) {
            throw new IllegalArgumentException("rewritten file " + to.file().path() + " has " + to.file().rows() + " rows, which its batches cannot have: "
                    + next.stream().map(batch -> batch.batchId() + " " + batch.rows()).toList());
        }
        return to.file().withBatches(next);
    }

    private List<ExpiredBatch> expired() {
        List<ExpiredBatch> next = new ArrayList<>(before.expired());
        Set<String> known = new HashSet<>();
        next.forEach(batch -> known.add(batch.batchId()));
        for (RewrittenFile to : rewritten.values()) {
            for (ArchivedBatch batch : to.source().batches()) {
                if (emptied.contains(batch.batchId()) && known.add(batch.batchId())) {
                    next.add(new ExpiredBatch(batch.batchId(), to.source().table(), to.source().tradingDay(), 0, batch.path(), nowMs));
                }
            }
        }
        return next;
    }
}
