package io.qaexchange.storage;

import io.qaexchange.storage.key.KeyRange;
import java.nio.file.Path;

/**
 * A checkpoint, or the part of one, to restore from.
 *
 * @param directory that {@link Checkpoint#writeTo} wrote
 * @param clip keys outside stay behind; nothing is rewritten for it
 */
public record CheckpointSource(Path directory, KeyRange clip) {
    public static CheckpointSource whole(Path directory) {
        return new CheckpointSource(directory, KeyRange.ALL);
    }
}
