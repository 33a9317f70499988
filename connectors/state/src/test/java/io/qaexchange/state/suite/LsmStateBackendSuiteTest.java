package io.qaexchange.state.suite;

import io.qaexchange.state.LsmStateBackend;
import io.qaexchange.state.LsmStateOptions;
import io.qaexchange.state.LsmStateOptions.Timers;
import java.nio.file.Path;
import java.util.List;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.CheckpointStorage;
import org.apache.flink.runtime.state.ConfigurableStateBackend;
import org.apache.flink.runtime.state.StateBackendTestBase;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;
import org.apache.flink.runtime.state.storage.JobManagerCheckpointStorage;
import org.apache.flink.testutils.junit.extensions.parameterized.Parameter;
import org.apache.flink.testutils.junit.extensions.parameterized.ParameterizedTestExtension;
import org.apache.flink.testutils.junit.extensions.parameterized.Parameters;
import org.apache.flink.testutils.junit.utils.TempDirUtils;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Flink's contract suite for keyed state backends, with checkpoints that are incremental or full, in memory or in files. */
@ExtendWith(ParameterizedTestExtension.class)
public class LsmStateBackendSuiteTest extends StateBackendTestBase<LsmStateBackend> {
    @TempDir
    static Path checkpoints;

    @Parameters(name = "incremental={0}, files={1}, timers={2}")
    public static List<Object[]> modes() {
        return List.of(new Object[] {true, true, Timers.ENGINE}, new Object[] {true, false, Timers.HEAP}, new Object[] {false, true, Timers.ENGINE});
    }

    @Parameter
    public boolean incremental;

    @Parameter(1)
    public boolean files;

    @Parameter(2)
    public Timers timers;

    @Override
    protected ConfigurableStateBackend getStateBackend() {
        return new LsmStateBackend().configure(new Configuration().set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, incremental)
                .set(LsmStateOptions.TIMERS, timers), getClass().getClassLoader());
    }

    @Override
    protected CheckpointStorage getCheckpointStorage() throws Exception {
        return files ? new FileSystemCheckpointStorage(new org.apache.flink.core.fs.Path(TempDirUtils.newFolder(checkpoints).toURI()), 0, -1)
                : new JobManagerCheckpointStorage();
    }

    @Override
    protected boolean isSerializerPresenceRequiredOnRestore() {
        return false;
    }

    /** Timers on the heap are the operator's own objects. */
    @Override
    protected boolean isSafeToReuseKVState() {
        return timers == Timers.ENGINE;
    }

    @Override
    protected boolean supportsAsynchronousSnapshots() {
        return true;
    }
}
