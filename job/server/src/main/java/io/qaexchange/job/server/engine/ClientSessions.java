package io.qaexchange.job.server.engine;

import io.qaexchange.job.model.live.PartitionOffset;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.live.JobNotRunningException;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.query.live.ReadLevel;
import java.io.IOException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.annotation.Nullable;

/**
 * Live reads of clients that must not go back: a session remembers how far the subtasks were, and after a failure of the job a read waits until the replay has
 * passed that, or says that it has not.
 *
 * <p>The offsets of a pin are taken just before its rows: an event that was stored between the two is seen and not remembered. The replay has it a moment
 * after those that are.
 *
 * <p>Thread-safe.
 */
final class ClientSessions {

    private static final int MOST = 10_000;
    private static final long LOOK_AGAIN_MS = 50;

    private final LiveReader reader;
    private final Duration patience;
    /** By user and name; the one that was used longest ago first. Guarded by this. */
    private final Map<String, SeenProgress> sessions = new LinkedHashMap<>(16, 0.75f, true);

    /** The job went on from an earlier point and has not come as far as the session has seen. */
    static final class BehindException extends JobNotRunningException {
        private static final long serialVersionUID = 1L;

        BehindException(String where) {
            super("the job goes on from an earlier point, and has not read again what this session has seen: " + where
                    + ". Ask again, or in another session");
        }
    }

    /** @param patience how long a read waits for the replay */
    ClientSessions(LiveReader reader, Duration patience) {
        this.reader = reader;
        this.patience = patience;
    }

    /**
     * Opens a read.
     *
     * @throws BehindException if it would go back behind what the session has seen, for longer than the patience
     */
    LiveRead open(ReadLevel level, QueryEngine.Asker asker) throws IOException {
        if (asker.session() == null || !(level instanceof ReadLevel.Live)) {
            return reader.open(level, asker.access());
        }
        String key = asker.user() + "\n" + asker.session();
        SeenProgress seen = find(key);
        long deadlineNs = System.nanoTime() + patience.toNanos();
        while (true) {
            LiveRead read = reader.open(level, asker.access());
            boolean good = false;
            try {
                String behind = seen == null ? null : seen.behind(read.progress(), this::newestCheckpoint);
                if (behind == null) {
                    remember(key, new SeenProgress(read.progress()));
                    good = true;
                    return read;
                }
                if (System.nanoTime() > deadlineNs) {
                    throw new BehindException(behind);
                }
            } finally {
                if (!good) {
                    read.close();
                }
            }
            sleep();
        }
    }

    private List<PartitionOffset> newestCheckpoint() throws IOException {
        try (LiveRead checkpoint = reader.open(new ReadLevel.LatestCheckpoint(), RowAccess.ALL)) {
            return checkpoint.offsets();
        } catch (JobNotRunningException e) {
            // None was completed yet: nothing tells how far the replay is.
            return List.of();
        }
    }

    @Nullable
    private synchronized SeenProgress find(String key) {
        return sessions.get(key);
    }

    private synchronized void remember(String key, SeenProgress progress) {
        sessions.put(key, progress);
        if (sessions.size() > MOST) {
            sessions.remove(sessions.keySet().iterator().next());
        }
    }

    private static void sleep() throws IOException {
        try {
            TimeUnit.MILLISECONDS.sleep(LOOK_AGAIN_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while waiting for the replay", e);
        }
    }
}
