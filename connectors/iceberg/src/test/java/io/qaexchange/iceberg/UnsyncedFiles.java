package io.qaexchange.iceberg;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.UUID;

/** Local files that are not forced to the disk, for tests that write thousands. */
class UnsyncedFiles extends FlinkFiles {

    private static Path local(String location) throws IOException {
        Path file = Path.of(new org.apache.flink.core.fs.Path(location).getPath());
        Files.createDirectories(file.getParent());
        return file;
    }

    @Override
    public boolean createIfAbsent(String location, byte[] bytes) throws IOException {
        // Whole or not there, like the real one: other writers read it at once.
        Path file = local(location);
        Path aside = Files.write(Files.createTempFile("unsynced", null), bytes);
        try {
            Files.createLink(file, aside);
            return true;
        } catch (FileAlreadyExistsException e) {
            return false;
        } finally {
            Files.delete(aside);
        }
    }

    @Override
    public void replace(String location, byte[] bytes) throws IOException {
        Path file = local(location);
        Files.move(Files.write(file.resolveSibling(file.getFileName() + "." + UUID.randomUUID()), bytes), file, StandardCopyOption.REPLACE_EXISTING);
    }
}
