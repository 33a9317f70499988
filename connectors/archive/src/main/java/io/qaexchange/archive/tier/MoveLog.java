package io.qaexchange.archive.tier;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.retention.DeletionLog;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.apache.flink.core.fs.Path;

/**
 * The audit table of moves: one file of JSON lines for each manifest version that announced some, written before the version that says that they are
 * done. A run that goes on after a kill finds there which moves have their row.
 *
 * <p>Stateless.
 */
final class MoveLog {

    static final String FOLDER = "_moves";
    private static final ObjectMapper JSON = new ObjectMapper();

    private MoveLog() {
    }

    /**
     * Writes the rows of moves that a version announced, unless they are there.
     *
     * @param action copied or fetched
     */
    static void write(ManifestStore store, long version, String action, Map<RemoteCopy, DataFile> moves, long nowMs) throws IOException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (Map.Entry<RemoteCopy, DataFile> move : moves.entrySet()) {
            ObjectNode row = JSON.createObjectNode().put("manifest_version", version).put("moved_at_ms", nowMs).put("action", action)
                    .put("remote", move.getKey().uri()).put("batch_id", move.getKey().batchId());
            lines.write(JSON.writeValueAsString(DeletionLog.describe(row, move.getValue())).getBytes(StandardCharsets.UTF_8));
            lines.write('\n');
        }
        DeletionLog.write(store, FOLDER, version, lines.toByteArray());
    }

    /** The identities of files whose move has a row. */
    static Set<String> batches(ManifestStore store, long version) throws IOException {
        Path path = DeletionLog.locate(store, FOLDER, version);
        Set<String> batches = new HashSet<>();
        if (path.getFileSystem().exists(path)) {
            try (InputStream in = path.getFileSystem().open(path)) {
                for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
                    JsonNode row = JSON.readTree(line);
                    batches.add(row.path("batch_id").asText());
                }
            }
        }
        return batches;
    }
}
