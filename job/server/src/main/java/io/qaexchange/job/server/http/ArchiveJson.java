package io.qaexchange.job.server.http;

import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ExpiredBatch;
import io.qaexchange.archive.manifest.LegalHold;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.RetiredFile;
import io.qaexchange.archive.tier.ColdFiles;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A version of the archive as JSON: files by table and trading day, what is held, what has left, the branches. */
final class ArchiveJson {

    /** A smaller file of a trading day that has several is shown as small. */
    private static final long SMALL_FILE_BYTES = 16 << 20;

    private ArchiveJson() {
    }

    static Map<String, Object> of(ArchiveManifest manifest) {
        Map<String, TreeMap<String, List<DataFile>>> byTable = new TreeMap<>();
        manifest.files().forEach(file -> byTable.computeIfAbsent(file.table(), table -> new TreeMap<>())
                .computeIfAbsent(file.tradingDay(), day -> new ArrayList<>()).add(file));
        List<Map<String, Object>> days = new ArrayList<>();
        Map<String, RemoteCopy> copies = manifest.remoteByBatch();
        byTable.forEach((table, ofDays) -> ofDays.forEach((day, files) -> days.add(day(manifest, table, day, files, copies))));
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("manifestVersion", manifest.version());
        document.put("files", manifest.files().size());
        document.put("bytes", manifest.files().stream().mapToLong(DataFile::lengthBytes).sum());
        document.put("rows", manifest.files().stream().mapToLong(DataFile::rows).sum());
        document.put("retiredFiles", manifest.retired().size());
        document.put("retired", retired(manifest.retired()));
        document.put("supersededFiles", manifest.superseded().size());
        document.put("tiers", tiers(manifest.files(), manifest.remoteByBatch()));
        document.put("objectStores", manifest.remote().stream().map(RemoteCopy::store).distinct().sorted().toList());
        document.put("holds", manifest.holds().size());
        document.put("legalHolds", manifest.holds().stream().map(ArchiveJson::hold).toList());
        document.put("expired", expired(manifest.expired()));
        document.put("epoch", manifest.currentEpoch());
        document.put("epochs", manifest.epochs().stream().map(epoch -> epoch(epoch, manifest)).toList());
        document.put("days", days);
        return document;
    }

    private static Map<String, Object> day(ArchiveManifest manifest, String table, String day, List<DataFile> files,
            Map<String, RemoteCopy> copies) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("table", table);
        document.put("tradingDay", day);
        document.put("files", files.size());
        document.put("bytes", files.stream().mapToLong(DataFile::lengthBytes).sum());
        document.put("rawBytes", files.stream().mapToLong(DataFile::rawBytes).sum());
        document.put("rows", files.stream().mapToLong(DataFile::rows).sum());
        document.put("compacted", files.stream().filter(DataFile::isCompacted).count());
        document.put("smallFiles", files.size() < 2 ? 0 : files.stream().filter(file -> file.lengthBytes() < SMALL_FILE_BYTES).count());
        document.put("tiers", tiers(files, copies));
        document.put("heldFiles", manifest.holds().isEmpty() ? 0 : files.stream().filter(manifest::isHeld).count());
        return document;
    }

    /** Files and bytes by tier: local, both, leaving, remote, fetching; tiers without files are left out. */
    private static Map<String, Object> tiers(List<DataFile> files, Map<String, RemoteCopy> copies) {
        Map<String, long[]> byTier = new TreeMap<>();
        for (DataFile file : files) {
            long[] sums = byTier.computeIfAbsent(ColdFiles.tierOf(copies.get(file.batchId())), tier -> new long[2]);
            sums[0]++;
            sums[1] += file.lengthBytes();
        }
        Map<String, Object> document = new LinkedHashMap<>();
        byTier.forEach((tier, sums) -> document.put(tier, Map.of("files", sums[0], "bytes", sums[1])));
        return document;
    }

    /** Files that wait for the end of their grace time, by the reason why they left. */
    private static List<Map<String, Object>> retired(List<RetiredFile> files) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (RetiredFile.Reason reason : RetiredFile.Reason.values()) {
            List<RetiredFile> some = files.stream().filter(file -> file.reason() == reason).toList();
            if (!some.isEmpty()) {
                all.add(Map.of("reason", reason.name().toLowerCase(Locale.ROOT), "files", some.size(), "bytes", some.stream().mapToLong(file -> file.file().lengthBytes()).sum(),
                        "since", Instant.ofEpochMilli(some.stream().mapToLong(RetiredFile::retiredAtMs).min().orElseThrow()).toString()));
            }
        }
        return all;
    }

    private static Map<String, Object> hold(LegalHold hold) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("id", hold.id());
        document.put("table", hold.table());
        document.put("instrument", hold.instrument());
        document.put("tradingDay", hold.tradingDay());
        document.put("reason", hold.reason());
        document.put("since", Instant.ofEpochMilli(hold.sinceMs()).toString());
        return document;
    }

    /** Rows that the retention let go, by table. */
    private static List<Map<String, Object>> expired(List<ExpiredBatch> batches) {
        Map<String, List<ExpiredBatch>> byTable = new TreeMap<>();
        batches.forEach(batch -> byTable.computeIfAbsent(batch.table(), table -> new ArrayList<>()).add(batch));
        List<Map<String, Object>> all = new ArrayList<>();
        byTable.forEach((table, some) -> all.add(Map.of("table", table, "rows", some.stream().mapToLong(ExpiredBatch::rows).sum(), "newestTradingDay",
                some.stream().map(ExpiredBatch::tradingDay).max(String::compareTo).orElseThrow(), "at",
                Instant.ofEpochMilli(some.stream().mapToLong(ExpiredBatch::expiredAtMs).max().orElseThrow()).toString())));
        return all;
    }

    private static Map<String, Object> epoch(ArchiveEpoch epoch, ArchiveManifest manifest) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("id", epoch.id());
        document.put("parent", epoch.parent());
        document.put("restoredCheckpoint", epoch.restoredCheckpointId());
        document.put("job", epoch.jobId());
        document.put("startedAt", Instant.ofEpochMilli(epoch.startedAtMs()).toString());
        document.put("isCurrent", epoch.id().equals(manifest.currentEpoch()));
        document.put("files", manifest.files().stream().filter(file -> file.epoch().equals(epoch.id())).count());
        document.put("supersededFiles", manifest.superseded().stream().filter(file -> file.epoch().equals(epoch.id())).count());
        return document;
    }
}
