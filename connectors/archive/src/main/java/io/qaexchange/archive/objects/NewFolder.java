package io.qaexchange.archive.objects;

import java.io.IOException;
import java.nio.file.Files;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;

/** Makes a folder, or says why it cannot: Flink's file system of local disks answers only that there is none. Stateless. */
public final class NewFolder {

    private NewFolder() {
    }

    /**
     * Makes a folder and those above it, unless they are there.
     *
     * @throws IOException with the reason, such as a full disk
     */
    public static void make(Path folder) throws IOException {
        FileSystem fileSystem = folder.getFileSystem();
        if (!fileSystem.isDistributedFS()) {
            Files.createDirectories(java.nio.file.Path.of(folder.getPath()));
        } else {
            fileSystem.mkdirs(folder);
        }
    }
}
