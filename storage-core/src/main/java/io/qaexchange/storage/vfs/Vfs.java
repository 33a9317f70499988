package io.qaexchange.storage.vfs;

import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * The operations of a file system that the engine uses, and no more.
 *
 * <p>Contract: bytes appended survive a power cut only after {@link WritableFile#sync()}; a created, renamed, linked or deleted name
 * only after {@link #syncDirectory}. A rename replaces its target atomically. Failures are {@link IOException}s with the path in the
 * message.
 *
 * <p>Thread-safe.
 */
public interface Vfs {
    /** Creates a file for appending; fails with {@link java.nio.file.FileAlreadyExistsException} if the name is taken. */
    WritableFile create(Path path) throws IOException;

    ReadableFile open(Path path) throws IOException;

    void rename(Path source, Path target) throws IOException;

    /** Gives the file a second name; the bytes live until the last name is gone. */
    void link(Path existing, Path name) throws IOException;

    /** Fails with {@link java.nio.file.NoSuchFileException} if there is nothing to delete. */
    void delete(Path path) throws IOException;

    /** Makes a directory and those above it; what was made survives a power cut when this returns. */
    void createDirectories(Path directory) throws IOException;

    /** Makes created, renamed, linked and deleted names of this directory durable. */
    void syncDirectory(Path directory) throws IOException;

    /** Names in a directory, sorted; empty if the directory does not exist. */
    List<String> list(Path directory) throws IOException;

    boolean exists(Path path) throws IOException;

    long size(Path path) throws IOException;

    /** Cuts a file to {@code size} bytes and syncs it. */
    void truncate(Path path, long size) throws IOException;

    /**
     * Takes an exclusive lock that ends with the process.
     *
     * @throws IOException if this or another process holds it; the message says so
     */
    Closeable lock(Path path) throws IOException;
}
