package io.qaexchange.state.suite;

import io.qaexchange.state.LsmStateBackend;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.CheckpointStorage;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;
import org.apache.flink.runtime.state.ttl.StateBackendTestContext;
import org.apache.flink.runtime.state.ttl.TtlStateTestBase;
import org.apache.flink.runtime.state.ttl.TtlTimeProvider;
import org.apache.flink.testutils.junit.utils.TempDirUtils;
import org.junit.jupiter.api.io.TempDir;

/** Flink's suite for state with time-to-live, with full checkpoints: they leave expired values out, so its clean-up tests run too. */
public class LsmTtlSuiteTest extends TtlStateTestBase {
    @TempDir
    static Path checkpoints;

    protected boolean incremental() {
        return false;
    }

    @Override
    protected StateBackendTestContext createStateBackendTestContext(TtlTimeProvider timeProvider) {
        return new StateBackendTestContext(timeProvider) {
            @Override
            protected StateBackend createStateBackend() {
                return new LsmStateBackend().configure(
                        new Configuration().set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, incremental()), getClass().getClassLoader());
            }

            @Override
            protected CheckpointStorage createCheckpointStorage() {
                try {
                    return new FileSystemCheckpointStorage(
                            new org.apache.flink.core.fs.Path(TempDirUtils.newFolder(checkpoints).toURI()), 0, -1);
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        };
    }
}
