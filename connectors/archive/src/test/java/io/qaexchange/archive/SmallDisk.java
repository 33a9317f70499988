package io.qaexchange.archive;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A small file system that a test fills and frees, so that the operating system itself says that a disk is full. Only root may mount one; where that is
 * refused, a test says that it did not run.
 */
public final class SmallDisk implements AutoCloseable {

    /** The sentence of the operating system. */
    public static final String NO_SPACE = "No space left on device";
    private static final int BLOCK_BYTES = 1 << 16;
    private static final int PAGE_BYTES = 1 << 12;
    private static final String BALLAST = "ballast";

    private final Path folder;
    private final Thread atExit = new Thread(this::unmountQuietly);

    /** The ways in which a disk is full. */
    public enum Kind {
        /** No byte can be written. */
        BYTES,
        /** No file can be made. */
        FILES
    }

    private SmallDisk(Path folder) {
        this.folder = folder;
    }

    /**
     * Mounts a disk; the test that asks is skipped where that is refused.
     *
     * @param folder its place, made if it is not there
     * @param megabytes its size; memory is taken for what is written
     * @param files how many files, folders and links it has space for
     */
    public static SmallDisk mount(Path folder, int megabytes, int files) throws IOException, InterruptedException {
        Optional<SmallDisk> disk = tryMount(folder, megabytes, files);
        assumeTrue(disk.isPresent(), "a file system can be mounted");
        return disk.get();
    }

    /** As {@link #mount}; empty where that is refused, which the output says. */
    public static Optional<SmallDisk> tryMount(Path folder, int megabytes, int files) throws IOException, InterruptedException {
        Files.createDirectories(folder);
        String refused = run(List.of("mount", "-t", "tmpfs", "-o", "size=" + megabytes + "m,nr_inodes=" + files, "tmpfs", folder.toString()));
        if (refused != null) {
            System.out.println("A TEST OF A FULL DISK DID NOT RUN: no file system can be mounted here, which needs root: " + refused);
            return Optional.empty();
        }
        SmallDisk disk = new SmallDisk(folder);
        Runtime.getRuntime().addShutdownHook(disk.atExit);
        return Optional.of(disk);
    }

    public Path folder() {
        return folder;
    }

    /** Takes everything of that kind that is left. */
    public void fill(Kind kind) throws IOException {
        Path ballast = Files.createDirectories(folder.resolve(BALLAST));
        if (kind == Kind.BYTES) {
            fillBytes(ballast);
        } else {
            fillFiles(ballast);
        }
    }

    private static void fillBytes(Path ballast) throws IOException {
        try (FileChannel file = FileChannel.open(ballast.resolve("bytes"), StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
            int bytes = BLOCK_BYTES;
            while (bytes >= PAGE_BYTES) {
                try {
                    file.write(ByteBuffer.allocate(bytes));
                } catch (IOException e) {
                    requireFull(e);
                    bytes /= 2;
                }
            }
        }
    }

    private static void fillFiles(Path ballast) throws IOException {
        for (int i = 0;; i++) {
            try {
                Files.createFile(ballast.resolve("file-" + i));
            } catch (IOException e) {
                requireFull(e);
                return;
            }
        }
    }

    private static void requireFull(IOException e) throws IOException {
        if (!e.getMessage().contains(NO_SPACE)) {
            throw e;
        }
    }

    /** Gives back what {@link #fill} took. */
    public void free() throws IOException {
        Path ballast = folder.resolve(BALLAST);
        if (Files.exists(ballast)) {
            try (var files = Files.list(ballast)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(ballast);
        }
    }

    /** Whether {@link #fill} was called and {@link #free} was not. */
    public boolean isFilled() {
        return Files.exists(folder.resolve(BALLAST));
    }

    /** Unmounts the disk with all that is on it. */
    @Override
    public void close() throws IOException {
        Runtime.getRuntime().removeShutdownHook(atExit);
        unmount();
    }

    private void unmount() throws IOException {
        try {
            // Lazily: a process that is ending may have a file open.
            String refused = run(List.of("umount", "-l", folder.toString()));
            if (refused != null) {
                throw new IOException(refused);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    private void unmountQuietly() {
        try {
            unmount();
        } catch (IOException e) {
            System.err.println(folder + " stays mounted: " + e.getMessage());
        }
    }

    /** Null if the command succeeded, else what it said. */
    private static String run(List<String> command) throws InterruptedException {
        try {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            if (!process.waitFor(30, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return command.get(0) + " hangs";
            }
            return process.exitValue() == 0 ? null : output.isEmpty() ? command.get(0) + " ended with " + process.exitValue() : output;
        } catch (IOException e) {
            return e.getMessage();
        }
    }
}
