package io.qaexchange.state.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.apache.flink.api.common.JobID;
import org.apache.flink.changelog.fs.FsStateChangelogOptions;
import org.apache.flink.changelog.fs.FsStateChangelogStorage;
import org.apache.flink.changelog.fs.TaskChangelogRegistry;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateChangelogOptions;
import org.apache.flink.core.plugin.PluginUtils;
import org.apache.flink.runtime.metrics.groups.UnregisteredMetricGroups;
import org.apache.flink.runtime.operators.testutils.MockEnvironment;
import org.apache.flink.runtime.operators.testutils.MockEnvironmentBuilder;
import org.apache.flink.runtime.state.TestLocalRecoveryConfig;
import org.apache.flink.runtime.state.TestTaskStateManager;
import org.apache.flink.runtime.state.changelog.StateChangelogStorage;
import org.apache.flink.runtime.state.changelog.StateChangelogStorageLoader;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;
import org.apache.flink.streaming.runtime.tasks.StreamTaskActionExecutor;
import org.apache.flink.streaming.runtime.tasks.mailbox.MailboxExecutorImpl;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailboxImpl;

/**
 * The surroundings that Flink's changelog backend needs: a log in files, and the task's mailbox, since the log is finished there. One thread, which
 * is the mailbox's.
 */
final class BenchChangelog implements AutoCloseable {
    private final StateChangelogStorage<?> storage;
    private final ExecutorService background;
    private final MailboxExecutorImpl mailbox =
            new MailboxExecutorImpl(new TaskMailboxImpl(Thread.currentThread()), 0, StreamTaskActionExecutor.IMMEDIATE);
    private final MockEnvironment environment;

    private BenchChangelog(StateChangelogStorage<?> storage, ExecutorService background, Configuration config, Path checkpoints) throws Exception {
        this.storage = storage;
        this.background = background;
        environment = new MockEnvironmentBuilder().setManagedMemorySize(1 << 20)
                .setTaskStateManager(TestTaskStateManager.builder().setStateChangelogStorage(storage).build()).build();
        environment.setMainMailboxExecutor(mailbox);
        environment.setAsyncOperationsThreadPool(background);
        environment.setCheckpointStorageAccess(new FileSystemCheckpointStorage(checkpoints.toUri()).createCheckpointStorage(new JobID()));
        environment.getTaskManagerInfo().getConfiguration().addAll(config);
    }

    /** @param checkpoints the log lies in a folder of it */
    static BenchChangelog open(Path checkpoints) throws Exception {
        Configuration config = new Configuration();
        config.set(StateChangelogOptions.STATE_CHANGE_LOG_STORAGE, "filesystem");
        config.set(FsStateChangelogOptions.BASE_PATH, Files.createDirectories(checkpoints.resolve("changes")).toUri().toString());
        StateChangelogStorageLoader.initialize(PluginUtils.createPluginManagerFromRootFolder(config));
        ExecutorService background = Executors.newSingleThreadExecutor();
        // Not by FsStateChangelogStorageFactory: the threads with which its storage deletes what was let go are nobody's to stop.
        StateChangelogStorage<?> storage = new FsStateChangelogStorage(new JobID(), config,
                UnregisteredMetricGroups.createUnregisteredTaskManagerJobMetricGroup(), TaskChangelogRegistry.defaultChangelogRegistry(background),
                TestLocalRecoveryConfig.disabled());
        return new BenchChangelog(storage, background, config, checkpoints);
    }

    MockEnvironment environment() {
        return environment;
    }

    void runMails() {
        while (mailbox.tryYield()) {
            continue;
        }
    }

    @Override
    public void close() throws Exception {
        storage.close();
        background.shutdown();
    }
}
