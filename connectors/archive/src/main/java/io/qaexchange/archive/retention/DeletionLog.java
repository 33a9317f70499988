package io.qaexchange.archive.retention;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.archive.manifest.ArchivedBatch;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.RetiredFile;
import io.qaexchange.archive.objects.NewFolder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/**
 * The audit table of deletions: one file of JSON lines for each manifest version from which on files are deleted. What it holds follows from that
 * version alone, so after a crash the same file is written again, and each deletion is one row.
 *
 * <p>Stateless.
 */
public final class DeletionLog {

    /** Folder of the deletions. */
    public static final String FOLDER = "_deletions";
    private static final ObjectMapper JSON = new ObjectMapper();

    private DeletionLog() {
    }

    /** Writes the rows of a version, unless they are there. */
    static void write(ManifestStore store, long version, List<RetiredFile> files, Map<String, RemoteCopy> copies) throws IOException {
        write(store, FOLDER, version, rows(version, files, copies));
    }

    /** Writes the rows of local files that are deleted since there is a copy in an object store. */
    public static void writeLocal(ManifestStore store, long version, Map<RemoteCopy, DataFile> files) throws IOException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (Map.Entry<RemoteCopy, DataFile> local : files.entrySet()) {
            RemoteCopy copy = local.getKey();
            add(lines, describe(JSON.createObjectNode().put("manifest_version", version).put("deleted_at_ms", copy.stageAtMs()).put("reason", "local_copy"),
                    local.getValue()).put("remote", copy.uri()));
        }
        write(store, FOLDER, version, lines.toByteArray());
    }

    /** Writes a file of rows, unless it is there. */
    public static void write(ManifestStore store, String folder, long version, byte[] rows) throws IOException {
        Path target = locate(store, folder, version);
        FileSystem fileSystem = target.getFileSystem();
        if (fileSystem.exists(target)) {
            return;
        }
        NewFolder.make(target.getParent());
        Path hidden = new Path(target.getParent(), "." + UUID.randomUUID());
        boolean done = false;
        try {
            try (FSDataOutputStream out = fileSystem.create(hidden, FileSystem.WriteMode.NO_OVERWRITE)) {
                out.write(rows);
                out.sync();
            }
            if (!fileSystem.rename(hidden, target)) {
                throw new IOException("it could not be renamed from " + hidden);
            }
            done = true;
        } catch (IOException e) {
            throw new IOException("file " + target + " could not be written: " + e.getMessage(), e);
        } finally {
            if (!done && fileSystem.exists(hidden)) {
                fileSystem.delete(hidden, false);
            }
        }
    }

    /** Where the rows of a version are. */
    public static Path locate(ManifestStore store, String folder, long version) {
        return new Path(store.root(), folder + "/" + String.format("%012d.jsonl", version));
    }

    private static byte[] rows(long version, List<RetiredFile> files, Map<String, RemoteCopy> copies) throws IOException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (RetiredFile retired : files) {
            ObjectNode row = JSON.createObjectNode()
                    .put("manifest_version", version).put("deleted_at_ms", retired.deletingAtMs()).put("retired_at_ms", retired.retiredAtMs())
                    .put("reason", retired.reason().name().toLowerCase(java.util.Locale.ROOT)).put("replaced_by", retired.replacedBy());
            describe(row, retired.file());
            RemoteCopy copy = copies.get(retired.file().batchId());
            add(lines, copy == null ? row : row.put("remote", copy.uri()));
        }
        return lines.toByteArray();
    }

    /** Adds to a row what it is about. */
    public static ObjectNode describe(ObjectNode row, DataFile file) {
        row.put("table", file.table()).put("trading_day", file.tradingDay()).put("path", file.path()).put("rows", file.rows())
                .put("bytes", file.lengthBytes()).put("sha256", file.sha256()).put("min_instrument", file.minInstrument())
                .put("max_instrument", file.maxInstrument());
        file.batches().stream().map(ArchivedBatch::batchId).forEach(row.withArray("batches")::add);
        return row;
    }

    private static void add(ByteArrayOutputStream lines, ObjectNode row) throws IOException {
        lines.write(JSON.writeValueAsString(row).getBytes(StandardCharsets.UTF_8));
        lines.write('\n');
    }
}
