package io.qaexchange.storage.engine;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.StoreListener;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.compaction.Expiry;
import io.qaexchange.storage.compaction.SstableOutputs;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.Function;

/**
 * The parts that flushes and compactions work with.
 *
 * @param directory of the store
 * @param executor where compactions run
 * @param flushExecutor where flushes run
 * @param helpers threads that take a part of what one thread does for a writer that waits; null: there are none
 */
record JobContext(Path directory, StoreOptions options, StoreState state, SnapshotRegistry snapshots, Counters counters, StoreHealth health,
        AppendedExpiries appendedExpiries, Executor executor, Executor flushExecutor, Executor helpers) {
    /** Whether jobs run without anybody's help; a caller's executor may be waiting for the caller. */
    boolean hasOwnThreads() {
        return options.executor() == null;
    }

    /** Where new sstables of compactions go. */
    SstableOutputs.Target target() {
        return target(null);
    }

    /** Where those of flushes go, for which writers wait. */
    SstableOutputs.Target flushTarget() {
        return target(helpers);
    }

    private SstableOutputs.Target target(Executor compressing) {
        return new SstableOutputs.Target(options.vfs(), directory, state.versions()::nextFileNumber, options.memoryPool(), compressing);
    }

    Function<ColumnFamily, Expiry> expiries() {
        return appendedExpiries.at(options.clock().getAsLong());
    }

    StoreListener listener() {
        return options.listener();
    }

    /** Makes the names of new sstables durable. */
    void syncDirectory() throws IOException {
        options.vfs().syncDirectory(directory);
    }

    static Duration since(long startedNanos) {
        return Duration.ofNanos(System.nanoTime() - startedNanos);
    }
}
