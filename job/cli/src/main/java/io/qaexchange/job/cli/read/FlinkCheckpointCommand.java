package io.qaexchange.job.cli.read;

import io.qaexchange.job.cli.Tool;
import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.checkpoint.CheckpointFile;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.flink.runtime.checkpoint.OperatorState;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.metadata.CheckpointMetadata;
import org.apache.flink.runtime.state.IncrementalKeyedStateHandle.HandleAndLocalPath;
import org.apache.flink.runtime.state.IncrementalRemoteKeyedStateHandle;
import org.apache.flink.runtime.state.KeyGroupsSavepointStateHandle;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.state.api.runtime.SavepointLoader;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/store checkpoint} on a checkpoint or savepoint of Flink. */
@Command(name = "store checkpoint", mixinStandardHelpOptions = true,
        description = "Shows the keyed state of a Flink checkpoint or savepoint. For each operator and subtask: key groups, last sequence"
                + " number, files and log pieces.")
public final class FlinkCheckpointCommand implements Callable<Integer> {

    @Parameters(paramLabel = "PATH|latest", arity = "0..1", description = "Folder of the checkpoint, the one with _metadata; latest: the newest in --dir.")
    private String path;
    @Option(names = "--dir", paramLabel = "DIR", description = "Folder of a demo or of a cluster.")
    private Path folder;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new FlinkCheckpointCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        SourceOptions source = new SourceOptions();
        source.folder = folder;
        source.checkpoint = path;
        source.requireCheckpoint();
        source.open(opened -> {
            show(SavepointLoader.loadSavepointMetadata(opened));
            return opened;
        });
        return Tool.GOOD;
    }

    private static void show(CheckpointMetadata metadata) throws IOException {
        System.out.printf("checkpoint %d  %s%n", metadata.getCheckpointId(),
                metadata.getCheckpointProperties() != null && metadata.getCheckpointProperties().isSavepoint() ? "savepoint" : "");
        for (OperatorState operator : metadata.getOperatorStates()) {
            show(operator);
        }
    }

    private static void show(OperatorState operator) throws IOException {
        boolean hasKeyedState = operator.getStates().stream().anyMatch(subtask -> !subtask.getManagedKeyedState().isEmpty());
        if (!hasKeyedState) {
            return;
        }
        System.out.printf("%noperator %s  %s  parallelism %d of %d%n", operator.getOperatorUid().orElse("(without uid)"),
                operator.getOperatorName().orElse(operator.getOperatorID().toString()), operator.getParallelism(), operator.getMaxParallelism());
        System.out.printf("%8s  %-12s %14s %6s %6s %7s %14s %14s%n", "subtask", "key groups", "sequence", "epoch", "files", "pieces", "bytes",
                "new bytes");
        for (var subtask : new TreeMap<Integer, OperatorSubtaskState>(operator.getSubtaskStates()).entrySet()) {
            for (KeyedStateHandle handle : subtask.getValue().getManagedKeyedState()) {
                show(subtask.getKey(), handle);
            }
        }
    }

    private static void show(int subtask, KeyedStateHandle handle) throws IOException {
        String keyGroups = handle.getKeyGroupRange().getStartKeyGroup() + " to " + handle.getKeyGroupRange().getEndKeyGroup();
        CheckpointFile description = handle instanceof IncrementalRemoteKeyedStateHandle incremental ? description(incremental) : null;
        if (description == null) {
            String kind = handle instanceof KeyGroupsSavepointStateHandle ? "canonical format, no files or pieces of its own"
                    : "not of this project's backend: " + handle.getClass().getSimpleName();
            System.out.printf("%8d  %-12s %43s %,14d %14s  %s%n", subtask, keyGroups, "", handle.getStateSize(), "", kind);
            return;
        }
        long files = description.version().references().stream().map(reference -> reference.fileNumber()).distinct().count();
        System.out.printf("%8d  %-12s %,14d %6d %6d %7d %,14d %,14d%n", subtask, keyGroups, description.sequence(), description.epoch(), files,
                description.pieces().size(), handle.getStateSize(), ((IncrementalRemoteKeyedStateHandle) handle).getCheckpointedSize());
        for (LogPiece piece : description.pieces()) {
            System.out.printf("%10s%s  #%,d to #%,d  %,d operations  %,d bytes%n", "", piece.name(), piece.firstSequence(), piece.lastSequence(),
                    piece.operations(), piece.sizeBytes());
        }
    }

    /** Null if the state is another backend's. */
    private static CheckpointFile description(IncrementalRemoteKeyedStateHandle handle) throws IOException {
        for (HandleAndLocalPath file : handle.getPrivateState()) {
            if (file.getLocalPath().equals(Checkpoint.FILE_NAME)) {
                try (InputStream in = file.getHandle().openInputStream()) {
                    return CheckpointFile.decode(in.readAllBytes(), Path.of(Checkpoint.FILE_NAME));
                }
            }
        }
        return null;
    }
}
