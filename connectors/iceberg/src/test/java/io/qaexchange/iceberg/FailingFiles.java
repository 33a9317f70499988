package io.qaexchange.iceberg;

import java.io.IOException;
import java.util.List;

/** Fails one file operation, before or after its effect, and all that follow it: the process ends there. */
final class FailingFiles implements MirrorFiles {

    static final String MESSAGE = "the disk is gone";

    private final MirrorFiles files = new UnsyncedFiles();
    private final boolean behind;
    private int left;
    private boolean failed;

    FailingFiles(int operation, boolean behind) {
        this.left = operation;
        this.behind = behind;
    }

    boolean hasFailed() {
        return failed;
    }

    @FunctionalInterface
    private interface Operation<T> {
        T run() throws IOException;
    }

    private <T> T run(Operation<T> operation) throws IOException {
        if (failed) {
            throw new IOException(MESSAGE);
        }
        failed = left-- == 0;
        if (failed && behind) {
            operation.run();
        }
        if (failed) {
            throw new IOException(MESSAGE);
        }
        return operation.run();
    }

    @Override
    public byte[] read(String location) throws IOException {
        return run(() -> files.read(location));
    }

    @Override
    public boolean exists(String location) throws IOException {
        return run(() -> files.exists(location));
    }

    @Override
    public boolean createIfAbsent(String location, byte[] bytes) throws IOException {
        return run(() -> files.createIfAbsent(location, bytes));
    }

    @Override
    public void replace(String location, byte[] bytes) throws IOException {
        run(() -> {
            files.replace(location, bytes);
            return null;
        });
    }

    @Override
    public void delete(String location) throws IOException {
        run(() -> {
            files.delete(location);
            return null;
        });
    }

    @Override
    public List<String> list(String folder) throws IOException {
        return run(() -> files.list(folder));
    }

    @Override
    public void rename(String folder, String other) throws IOException {
        run(() -> {
            files.rename(folder, other);
            return null;
        });
    }
}
