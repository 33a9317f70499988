package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.fs.local.LocalFileSystem;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.state.AbstractStateBackend;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.StreamStateHandle;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.apache.flink.runtime.state.filesystem.FileStateHandle;
import org.apache.flink.runtime.state.filesystem.FsCheckpointStreamFactory;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint that cannot be restored is refused with the operator, the file, and what to do; nothing is left behind. */
class RestoreErrorsTest {
    @TempDir
    Path folder;

    private LsmStateBackend ours() {
        Configuration config = new Configuration();
        config.set(LsmStateOptions.MANAGED_MEMORY, false);
        config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(1));
        config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.resolve("local").toString());
        return new LsmStateBackend().configure(config, getClass().getClassLoader());
    }

    /** Sstables and a piece of the log, in files. */
    private IncrementalRemoteKeyedStateHandle checkpoint(AbstractStateBackend kind) throws Exception {
        Path own = Files.createDirectories(folder.resolve("chk-1"));
        Path shared = Files.createDirectories(folder.resolve("shared"));
        try (TestBackend backend = TestBackend.open(kind)) {
            ValueState<String> value = backend.keyed.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                    new ValueStateDescriptor<>("value", StringSerializer.INSTANCE));
            for (int i = 0; i < 20_000; i++) {
                backend.keyed.setCurrentKey("key " + i);
                value.update("value " + i);
            }
            return (IncrementalRemoteKeyedStateHandle) backend.finish(1, backend.beginCheckpoint(1, CheckpointType.CHECKPOINT,
                    new FsCheckpointStreamFactory(LocalFileSystem.getSharedInstance(), new org.apache.flink.core.fs.Path(own.toUri()),
                            new org.apache.flink.core.fs.Path(shared.toUri()), 0, 4096)));
        }
    }

    private static Path fileOf(IncrementalRemoteKeyedStateHandle checkpoint, String suffix) {
        HandleAndLocalPath found = Stream.concat(checkpoint.getSharedState().stream(), checkpoint.getPrivateState().stream())
                .filter(file -> file.getLocalPath().endsWith(suffix)).findFirst().orElseThrow();
        return pathOf(found.getHandle());
    }

    private static Path pathOf(StreamStateHandle handle) {
        return Path.of(((FileStateHandle) handle).getFilePath().toUri());
    }

    private static void cutOff(Path file) throws Exception {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(channel.size() - 1);
        }
    }

    @AfterEach
    void nothingIsLeftBehind() throws Exception {
        if (Files.exists(folder.resolve("local"))) {
            try (Stream<Path> left = Files.list(folder.resolve("local"))) {
                assertThat(left).isEmpty();
            }
        }
    }

    @Test
    void missingFilesAreNamed() throws Exception {
        IncrementalRemoteKeyedStateHandle checkpoint = checkpoint(ours());
        for (String suffix : new String[] {".piece", ".sst", "CHECKPOINT"}) {
            Path file = fileOf(checkpoint, suffix);
            Path aside = file.resolveSibling("aside");
            Files.move(file, aside);
            assertThatThrownBy(() -> TestBackend.open(ours(), checkpoint)).as(suffix).hasMessageContaining("operator").hasMessageContaining("missing")
                    .hasMessageContaining(suffix).hasMessageContaining(file.getFileName().toString()).hasMessageContaining("another checkpoint");
            Files.move(aside, file);
        }
        Files.delete(pathOf(checkpoint.getMetaDataStateHandle()));
        assertThatThrownBy(() -> TestBackend.open(ours(), checkpoint)).hasMessageContaining("meta information").hasMessageContaining("missing");
    }

    @Test
    void filesThatAreCutOffAreNamed() throws Exception {
        for (String suffix : new String[] {".piece", ".sst", "CHECKPOINT"}) {
            IncrementalRemoteKeyedStateHandle checkpoint = checkpoint(ours());
            cutOff(fileOf(checkpoint, suffix));
            assertThatThrownBy(() -> TestBackend.open(ours(), checkpoint)).as(suffix).hasMessageContaining("operator").hasMessageContaining("cut off")
                    .hasMessageContaining(suffix);
        }
    }

    @Test
    void aFlippedByteOfADescriptionOrAPieceIsFound() throws Exception {
        for (String suffix : new String[] {".piece", "CHECKPOINT"}) {
            IncrementalRemoteKeyedStateHandle checkpoint = checkpoint(ours());
            Path file = fileOf(checkpoint, suffix);
            byte[] bytes = Files.readAllBytes(file);
            bytes[bytes.length / 2] ^= 4;
            Files.write(file, bytes);
            assertThatThrownBy(() -> TestBackend.open(ours(), checkpoint)).as(suffix).hasMessageContaining("checksum");
        }
    }

    @Test
    void rocksDbsCheckpointIsRefusedWithAdvice() throws Exception {
        EmbeddedRocksDBStateBackend rocks = new EmbeddedRocksDBStateBackend(true);
        rocks.setDbStoragePath(Files.createDirectories(folder.resolve("rocks")).toUri().toString());
        IncrementalRemoteKeyedStateHandle checkpoint = checkpoint(rocks);
        assertThatThrownBy(() -> TestBackend.open(ours(), checkpoint)).hasMessageContaining("another backend").hasMessageContaining("canonical savepoint");
    }
}
