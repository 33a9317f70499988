package io.qaexchange.archive.manifest;

import static java.util.Objects.requireNonNull;

import javax.annotation.Nullable;

/**
 * A file and the one that stands for it without some of its rows.
 *
 * @param source the file, as the manifest lists it
 * @param file with the batches of the source, whose rows need not be counted anew; null if no row is left
 */
public record RewrittenFile(DataFile source, @Nullable DataFile file) {

    public RewrittenFile {
        requireNonNull(source, "source");
    }
}
