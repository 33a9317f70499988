package io.qaexchange.iceberg;

import java.io.IOException;
import java.util.List;

/** The file operations of the mirror, on files of Iceberg's metadata only. Thread-safe. */
interface MirrorFiles {

    /**
     * All bytes of a file.
     *
     * @throws java.io.FileNotFoundException if there is none
     */
    byte[] read(String location) throws IOException;

    boolean exists(String location) throws IOException;

    /** Creates a file and the folders above it. */
    boolean createIfAbsent(String location, byte[] bytes) throws IOException;

    /** Creates a file, or puts it in place of the one that is there. */
    void replace(String location, byte[] bytes) throws IOException;

    void delete(String location) throws IOException;

    /** Names in a folder; none if it does not exist. */
    List<String> list(String folder) throws IOException;

    /** Gives a folder another name. */
    void rename(String folder, String other) throws IOException;
}
