package io.qaexchange.archive.retention;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.archive.manifest.ArchivedBatch;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RetiredFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
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
final class DeletionLog {

    static final String FOLDER = "_deletions";
    private static final ObjectMapper JSON = new ObjectMapper();

    private DeletionLog() {
    }

    /** Writes the rows of a version, unless they are there. */
    static void write(ManifestStore store, long version, List<RetiredFile> files) throws IOException {
        Path target = new Path(store.root(), FOLDER + "/" + String.format("%012d.jsonl", version));
        FileSystem fileSystem = target.getFileSystem();
        if (fileSystem.exists(target)) {
            return;
        }
        fileSystem.mkdirs(target.getParent());
        Path hidden = new Path(target.getParent(), "." + UUID.randomUUID());
        try (FSDataOutputStream out = fileSystem.create(hidden, FileSystem.WriteMode.NO_OVERWRITE)) {
            out.write(rows(version, files));
            out.sync();
        }
        if (!fileSystem.rename(hidden, target)) {
            throw new IOException("file " + hidden + " could not be renamed to " + target);
        }
    }

    private static byte[] rows(long version, List<RetiredFile> files) throws IOException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (RetiredFile retired : files) {
            DataFile file = retired.file();
            ObjectNode row = JSON.createObjectNode()
                    .put("manifest_version", version).put("deleted_at_ms", retired.deletingAtMs()).put("retired_at_ms", retired.retiredAtMs())
                    .put("reason", retired.reason().name().toLowerCase(java.util.Locale.ROOT)).put("replaced_by", retired.replacedBy())
                    .put("table", file.table()).put("trading_day", file.tradingDay()).put("path", file.path()).put("rows", file.rows())
                    .put("bytes", file.lengthBytes()).put("sha256", file.sha256()).put("min_instrument", file.minInstrument())
                    .put("max_instrument", file.maxInstrument());
            file.batches().stream().map(ArchivedBatch::batchId).forEach(row.withArray("batches")::add);
            lines.write(JSON.writeValueAsString(row).getBytes(StandardCharsets.UTF_8));
            lines.write('\n');
        }
        return lines.toByteArray();
    }
}
