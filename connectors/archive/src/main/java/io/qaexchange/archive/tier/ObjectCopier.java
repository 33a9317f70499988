package io.qaexchange.archive.tier;

import io.qaexchange.archive.manifest.ObjectCheck;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.Sha256;
import io.qaexchange.archive.objects.ObjectStore;
import io.qaexchange.archive.objects.ObjectStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Puts a file into its object store and reads it back. Stateless. */
final class ObjectCopier {

    private ObjectCopier() {
    }

    /** The file itself is not what it should be; other files may be copied. */
    static final class WrongFileException extends IOException {
        private static final long serialVersionUID = 1L;

        WrongFileException(String message) {
            super(message);
        }
    }

    /**
     * Puts a file, unless it is there, and compares length and SHA-256 of what is there.
     *
     * @return whether this call put it
     * @throws WrongFileException if the local file is gone or altered, or the object is another
     * @throws IOException if the store is away
     */
    static boolean ensure(Path file, RemoteCopy copy) throws IOException {
        ObjectStore store = ObjectStores.of(copy.store());
        boolean put = false;
        if (store.length(copy.key()) < 0) {
            requireUnaltered(file, copy);
            put = store.putIfAbsent(copy.key(), file);
        }
        String different = ObjectCheck.difference(copy);
        if (different != null) {
            throw new WrongFileException(different + ". If another archive uses this prefix, give each its own; else remove the object and run again");
        }
        return put;
    }

    private static void requireUnaltered(Path file, RemoteCopy copy) throws IOException {
        if (!Files.exists(file)) {
            throw new WrongFileException("file " + file + " is in the manifest and not there");
        }
        if (Files.size(file) != copy.lengthBytes()) {
            throw new WrongFileException("file " + file + " has " + Files.size(file) + " bytes, the manifest says " + copy.lengthBytes()
                    + ": it was changed or is damaged. Restore it from a backup");
        }
        String hash = Sha256.of(new org.apache.flink.core.fs.Path(file.toUri()));
        if (!hash.equals(copy.sha256())) {
            throw new WrongFileException("file " + file + " has SHA-256 " + hash + ", the manifest says " + copy.sha256()
                    + ": it was changed or is damaged. Restore it from a backup");
        }
    }
}
