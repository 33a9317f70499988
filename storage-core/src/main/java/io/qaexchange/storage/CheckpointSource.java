package io.qaexchange.storage;

import io.qaexchange.storage.error.Arguments;
import io.qaexchange.storage.key.KeyRange;
import java.nio.file.Path;
import java.util.Map;

/**
 * A checkpoint, or the part of one, to restore from.
 *
 * @param directory that {@link Checkpoint#writeTo} wrote, or that holds the files of a checkpoint under their names
 * @param clip keys outside stay behind; nothing is rewritten for it
 * @param identities what tells files of several sources apart, by file name: files with equal identities are one and the same, and
 *     adjacent parts of one are joined again. A file that is not in the map is like no other.
 */
public record CheckpointSource(Path directory, KeyRange clip, Map<String, String> identities) {
    public CheckpointSource {
        Arguments.notNull(directory, "directory");
        Arguments.notNull(clip, "clip");
        identities = Map.copyOf(Arguments.notNull(identities, "identities"));
    }

    public CheckpointSource(Path directory, KeyRange clip) {
        this(directory, clip, Map.of());
    }

    public static CheckpointSource whole(Path directory) {
        return new CheckpointSource(directory, KeyRange.ALL);
    }
}
