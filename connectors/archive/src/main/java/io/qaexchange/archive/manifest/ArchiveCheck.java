package io.qaexchange.archive.manifest;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;

/**
 * Result of the check of an archive's hashes.
 *
 * @param firstVersion oldest version of the manifest that is kept; 0 if there is none
 * @param newestVersion newest version
 * @param newestSha256 SHA-256 of the newest version's bytes, "" if there is none. Who notes it elsewhere can tell later whether the archive's past was
 *        changed, even by somebody who computed all hashes anew
 * @param unsealed versions that an older build published, without hashes
 * @param files files whose bytes were compared with their hash
 * @param filesWithoutHash files that an older build published
 * @param objects objects of object stores whose bytes were compared with their hash
 * @param bytes bytes of files and objects read
 * @param problems what does not fit, one line each
 */
public record ArchiveCheck(long firstVersion, long newestVersion, String newestSha256, int unsealed, int files, int filesWithoutHash, int objects, long bytes,
        List<String> problems) {

    private static final int ATTEMPTS = 3;

    public ArchiveCheck {
        problems = List.copyOf(problems);
    }

    /** Whether all hashes fit. */
    public boolean holds() {
        return problems.isEmpty();
    }

    /** In one line. */
    public String toText() {
        return String.format("manifest versions %,d to %,d, SHA-256 %s; %,d files%s with %,d bytes compared with their hashes%s", firstVersion, newestVersion,
                newestSha256, files, objects == 0 ? "" : String.format(" and %,d objects", objects), bytes, filesWithoutHash + unsealed == 0 ? ""
                        : String.format(" (of older builds, without hashes: %,d files, %,d versions)", filesWithoutHash, unsealed));
    }

    /**
     * Checks the hashes of all versions that are kept, and of the files that the newest one names.
     *
     * @param noted a hash that was noted before: one of the kept versions must have it; null for none
     */
    public static ArchiveCheck run(ManifestStore store, @Nullable String noted) throws IOException {
        ArchiveCheck check = once(store, noted);
        // A file that a newer version let go may have been deleted since.
        for (int attempt = 1; attempt < ATTEMPTS && !check.holds() && newestOf(store) != check.newestVersion(); attempt++) {
            check = once(store, noted);
        }
        return check;
    }

    private static long newestOf(ManifestStore store) throws IOException {
        List<Long> versions = store.versions();
        return versions.isEmpty() ? 0 : versions.get(versions.size() - 1);
    }

    private static ArchiveCheck once(ManifestStore store, @Nullable String noted) throws IOException {
        List<Long> versions = store.versions();
        List<String> problems = new ArrayList<>();
        String former = null;
        long formerVersion = 0;
        boolean sealed = false;
        boolean found = noted == null;
        int unsealed = 0;
        ArchiveManifest newest = ArchiveManifest.EMPTY;
        for (long version : versions) {
            byte[] bytes;
            ManifestFormat.Sealed read = null;
            try {
                bytes = store.bytesOf(version);
            } catch (FileNotFoundException e) {
                // The job published meanwhile and removed the oldest.
                continue;
            }
            String hash = Sha256.of(bytes, bytes.length);
            try {
                read = ManifestFormat.decode(bytes, version, "version " + version);
                newest = read.manifest();
            } catch (IOException e) {
                problems.add(e.getMessage());
            }
            if (former != null && version != formerVersion + 1) {
                problems.add("manifest versions " + (formerVersion + 1) + " to " + (version - 1) + " are missing");
                former = null;
            }
            if (read != null) {
                if (read.former() == null) {
                    unsealed++;
                    if (sealed) {
                        problems.add("manifest version " + version + " has no hashes, and version " + formerVersion + " before it has");
                    }
                } else if (former != null && !read.former().equals(former)) {
                    problems.add("manifest version " + formerVersion + " was changed: version " + version + " names its SHA-256 " + read.former()
                            + ", its bytes have " + former);
                } else if (version == 1 && !read.former().equals(ManifestFormat.NO_FORMER)) {
                    problems.add("manifest version 1 names a version before it");
                }
                sealed |= read.former() != null;
            }
            found |= hash.equals(noted);
            former = hash;
            formerVersion = version;
        }
        if (!found) {
            problems.add("none of the manifest versions " + (versions.isEmpty() ? "" : versions.get(0) + " to " + formerVersion + " ")
                    + "has the noted SHA-256 " + noted + ": the archive's past was changed, or the version is too old to be kept");
        }
        FileChecks files = new FileChecks(store, newest.remoteByBatch(), problems);
        for (DataFile file : newest.files()) {
            files.check(file, store.locate(file));
        }
        for (DataFile file : newest.superseded()) {
            files.check(file, store.locateSuperseded(file));
        }
        for (RetiredFile file : newest.retired()) {
            if (!file.isDeleting()) {
                files.check(file.file(), store.locate(file.file()));
            }
        }
        return new ArchiveCheck(versions.isEmpty() ? 0 : versions.get(0), formerVersion, former == null ? "" : former, unsealed, files.compared,
                files.withoutHash, files.objects, files.bytes, problems);
    }

    private static final class FileChecks {
        private final ManifestStore store;
        private final Map<String, RemoteCopy> copies;
        private final List<String> problems;
        private int compared;
        private int withoutHash;
        private int objects;
        private long bytes;

        FileChecks(ManifestStore store, Map<String, RemoteCopy> copies, List<String> problems) {
            this.store = store;
            this.copies = copies;
            this.problems = problems;
        }

        void check(DataFile file, Path path) throws IOException {
            RemoteCopy copy = copies.get(file.batchId());
            if (copy == null || copy.hasLocalFile()) {
                Path other = store.otherPlace(path);
                checkLocal(file, !path.getFileSystem().exists(path) && other.getFileSystem().exists(other) ? other : path);
            }
            if (copy != null && copy.hasObject()) {
                checkObject(copy);
            }
        }

        private void checkLocal(DataFile file, Path path) throws IOException {
            long length;
            String hash;
            try {
                length = path.getFileSystem().getFileStatus(path).getLen();
                hash = file.sha256() == null ? null : Sha256.of(path);
            } catch (FileNotFoundException e) {
                problems.add("file " + path.getPath() + " is in the manifest and not there");
                return;
            }
            if (length != file.lengthBytes()) {
                problems.add("file " + path.getPath() + " has " + length + " bytes, the manifest says " + file.lengthBytes());
            } else if (hash == null) {
                withoutHash++;
            } else {
                compared++;
                bytes += length;
                if (!hash.equals(file.sha256())) {
                    problems.add("file " + path.getPath() + " was changed: the manifest says SHA-256 " + file.sha256() + ", its bytes have " + hash);
                }
            }
        }

        private void checkObject(RemoteCopy copy) {
            try {
                String different = ObjectCheck.difference(copy);
                if (different != null) {
                    problems.add(different);
                    return;
                }
                objects++;
                bytes += copy.lengthBytes();
            } catch (IOException e) {
                problems.add("object " + copy.uri() + " cannot be checked: " + e.getMessage());
            }
        }
    }
}
