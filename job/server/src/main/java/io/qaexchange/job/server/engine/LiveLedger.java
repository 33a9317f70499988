package io.qaexchange.job.server.engine;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.model.OperatorUids;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.query.cluster.JobStatus;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.query.ledger.LedgerReader;
import io.qaexchange.job.query.ledger.LedgerView;
import io.qaexchange.job.query.live.JobDirectory;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.util.FileUtils;

/**
 * The ledger of a running job as of its last completed Flink checkpoint, read from the checkpoint's files.
 *
 * <p>A checkpoint that is deleted before its files are pinned, or that is on another disk, is followed by the next one. The ledger of one
 * checkpoint is read once and kept.
 *
 * <p>Thread-safe.
 */
public final class LiveLedger {

    private static final int ATTEMPTS = 5;

    private final JobDirectory directory;
    private final JobMonitor monitor;
    /** Guarded by this. */
    @Nullable
    private Kept kept;

    private record Kept(String path, LedgerView view, List<LedgerRow> rows) {
    }

    public LiveLedger(JobDirectory directory, JobMonitor monitor) {
        this.directory = directory;
        this.monitor = monitor;
    }

    /** Accounts, positions, orders. */
    public LedgerView view() throws Exception {
        return latest().view();
    }

    /** Rows of the ledger's tables that are in no file yet; none without a checkpoint. */
    public List<LedgerRow> rows() throws Exception {
        return latest().rows();
    }

    private synchronized Kept latest() throws Exception {
        Exception last = null;
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            JobStatus.Checkpoint newest = monitor.status().checkpoints().lastComplete();
            String path = newest == null ? null : newest.path();
            if (path == null) {
                throw new IOException("the job has completed no checkpoint yet: the ledger is read from checkpoints");
            }
            if (kept != null && kept.path().equals(path)) {
                return kept;
            }
            Path links = Files.createTempDirectory("checkpoint");
            try {
                CheckpointReader checkpoint = CheckpointReader.openPinned(path, links);
                LedgerView view = LedgerReader.read(checkpoint, directory.describeCached().instruments());
                kept = new Kept(path, view, checkpoint.listState(OperatorUids.LEDGER_TABLES, LedgerRow.state()));
                return kept;
            } catch (IOException | RuntimeException e) {
                last = e;
            } finally {
                FileUtils.deleteDirectoryQuietly(links.toFile());
            }
        }
        throw new IOException("the ledger could not be read from " + ATTEMPTS + " checkpoints in a row: " + last.getMessage(), last);
    }
}
