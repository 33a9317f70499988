package io.qaexchange.state.suite;

import io.qaexchange.state.LsmStateBackend;
import java.util.List;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.state.CheckpointStorage;
import org.apache.flink.runtime.state.StateBackendMigrationTestBase;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;
import org.apache.flink.testutils.junit.extensions.parameterized.Parameter;
import org.apache.flink.testutils.junit.extensions.parameterized.ParameterizedTestExtension;
import org.apache.flink.testutils.junit.extensions.parameterized.Parameters;
import org.apache.flink.testutils.junit.utils.TempDirUtils;
import org.junit.jupiter.api.extension.ExtendWith;

/** Flink's suite for serializers that change between a snapshot and its restore, time-to-live switched on and off included. */
@ExtendWith(ParameterizedTestExtension.class)
public class LsmMigrationSuiteTest extends StateBackendMigrationTestBase<LsmStateBackend> {
    @Parameters(name = "incremental={0}")
    public static List<Boolean> modes() {
        return List.of(true, false);
    }

    @Parameter
    public boolean incremental;

    @Override
    protected LsmStateBackend getStateBackend() {
        return new LsmStateBackend().configure(new Configuration().set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, incremental), getClass().getClassLoader());
    }

    @Override
    protected CheckpointStorage getCheckpointStorage() throws Exception {
        return new FileSystemCheckpointStorage(new Path(TempDirUtils.newFolder(tempFolder).toURI()), 0, -1);
    }
}
