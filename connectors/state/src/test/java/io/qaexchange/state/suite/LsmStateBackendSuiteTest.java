package io.qaexchange.state.suite;

import io.qaexchange.state.LsmStateBackend;
import java.nio.file.Path;
import java.util.List;
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

/** Flink's contract suite for keyed state backends, with checkpoints in memory and in files. */
@ExtendWith(ParameterizedTestExtension.class)
public class LsmStateBackendSuiteTest extends StateBackendTestBase<LsmStateBackend> {
    @TempDir
    static Path checkpoints;

    @Parameters(name = "files={0}")
    public static List<Boolean> storages() {
        return List.of(false, true);
    }

    @Parameter
    public boolean files;

    @Override
    protected ConfigurableStateBackend getStateBackend() {
        return new LsmStateBackend().configure(new Configuration(), getClass().getClassLoader());
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

    @Override
    protected boolean supportsAsynchronousSnapshots() {
        return true;
    }
}
