package io.qaexchange.storage.engine;

import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * The handles of all files that the current version names. Guarded by the lock of whoever installs versions; handles themselves are
 * thread-safe.
 */
final class FileTable {
    private final Path directory;
    private final StoreOptions options;
    private final BlockCache cache;
    private final ObsoleteFiles obsolete;
    private final Consumer<CorruptionException> onFault;
    private final Map<Long, FileHandle> handles = new HashMap<>();

    /** @param onFault receives the failure of a mapping */
    FileTable(Path directory, StoreOptions options, BlockCache cache, ObsoleteFiles obsolete, Consumer<CorruptionException> onFault) {
        this.onFault = onFault;
        this.directory = directory;
        this.options = options;
        this.cache = cache;
        this.obsolete = obsolete;
    }

    /** Makes handles for the files that a version brings, and lets go of those that it no longer names. */
    void install(Version version) {
        Set<Long> named = new HashSet<>();
        for (FileReference reference : version.references()) {
            named.add(reference.fileNumber());
            handles.computeIfAbsent(reference.fileNumber(), number -> handle(reference));
        }
        handles.values().removeIf(handle -> {
            if (named.contains(handle.number())) {
                return false;
            }
            handle.dropFromVersion();
            return true;
        });
    }

    private FileHandle handle(FileReference reference) {
        return new FileHandle(reference.fileNumber(), reference.table(), directory, options.vfs(), options.readMode(), cache, obsolete, onFault);
    }

    FileHandle get(FileReference reference) {
        return handles.get(reference.fileNumber());
    }

    /** Ends the current version's leases; files stay on disk. */
    void close() {
        handles.values().forEach(FileHandle::release);
        handles.clear();
    }
}
