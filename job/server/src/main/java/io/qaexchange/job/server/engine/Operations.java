package io.qaexchange.job.server.engine;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/**
 * Work that takes longer than a request: it has an id, and whoever asks is told how far it is. The last {@value #REMEMBERED} are remembered.
 *
 * <p>Thread-safe.
 */
public final class Operations implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Operations.class);
    private static final int REMEMBERED = 100;
    private static final int THREADS = 4;

    private final Clock clock;
    private final ExecutorService threads = Executors.newFixedThreadPool(THREADS, task -> {
        Thread thread = new Thread(task, "does what operators ask for");
        thread.setDaemon(true);
        return thread;
    });
    /** Guarded by this; the oldest first. */
    private final Map<Long, Operation> all = new LinkedHashMap<>();
    /** Guarded by this. */
    private long ids;

    public Operations(Clock clock) {
        this.clock = clock;
    }

    /** Where it stands. */
    public enum State {
        RUNNING, DONE, FAILED
    }

    /** An operation. */
    public static final class Operation {
        private final long id;
        private final String kind;
        private final String user;
        private final long startedMs;
        private volatile State state = State.RUNNING;
        private volatile long endedMs;
        @Nullable
        private volatile String result;
        @Nullable
        private Future<?> running;

        Operation(long id, String kind, String user, long startedMs) {
            this.id = id;
            this.kind = kind;
            this.user = user;
            this.startedMs = startedMs;
        }

        public long getId() {
            return id;
        }

        /** The kind of work. */
        public String getKind() {
            return kind;
        }

        /** Who asked for it. */
        public String getUser() {
            return user;
        }

        public State getState() {
            return state;
        }

        public long getStartedMs() {
            return startedMs;
        }

        /** 0 while it runs. */
        public long getEndedMs() {
            return endedMs;
        }

        /** The result, or the reason of the failure; null while it runs. */
        @Nullable
        public String getResult() {
            return result;
        }

        @JsonIgnore
        public boolean isRunning() {
            return state == State.RUNNING;
        }
    }

    /**
     * Starts some work.
     *
     * @param kind what it is
     * @param user who asked for it
     * @param work gives what came of it, in words
     */
    public synchronized Operation start(String kind, String user, Callable<String> work) {
        Operation operation = new Operation(++ids, kind, user, clock.millis());
        all.put(operation.id, operation);
        if (all.size() > REMEMBERED) {
            all.values().stream().filter(old -> !old.isRunning()).findFirst().ifPresent(old -> all.remove(old.id));
        }
        // The log says of its lines for which request they are.
        Map<String, String> context = MDC.getCopyOfContextMap();
        operation.running = threads.submit(() -> {
            MDC.setContextMap(context == null ? Map.of() : context);
            try {
                run(operation, work);
            } finally {
                MDC.clear();
            }
        });
        return operation;
    }

    private void run(Operation operation, Callable<String> work) {
        State state = State.FAILED;
        try {
            operation.result = work.call();
            state = State.DONE;
        } catch (Exception e) {
            LOG.warn("operation {} ({}) failed", operation.id, operation.kind, e);
            operation.result = e.getMessage() == null ? e.toString() : e.getMessage();
        } finally {
            operation.endedMs = clock.millis();
            operation.state = state;
        }
    }

    /** Waits for its end, but not longer than that. */
    public void await(Operation operation, long ms) throws InterruptedException {
        try {
            operation.running.get(ms, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            LOG.debug("operation {} goes on", operation.id);
        } catch (java.util.concurrent.ExecutionException e) {
            throw new IllegalStateException("an operation keeps its failure", e);
        }
    }

    /** An operation; null if it is not remembered. */
    @Nullable
    public synchronized Operation find(long id) {
        return all.get(id);
    }

    /** All that are remembered, the newest first. */
    public synchronized List<Operation> all() {
        List<Operation> newest = new ArrayList<>(all.values());
        java.util.Collections.reverse(newest);
        return newest;
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
