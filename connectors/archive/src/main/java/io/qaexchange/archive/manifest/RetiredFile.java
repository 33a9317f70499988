package io.qaexchange.archive.manifest;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import javax.annotation.Nullable;

/**
 * A file that left the archive and is still on the disk, until a grace time is over: readers of older manifest versions have it open, and
 * readers and restores of older checkpoints take it.
 *
 * @param file the file; its path says where it lies
 * @param reason why it left
 * @param replacedBy batch id of the compacted file that has its rows; null if none has
 * @param retiredAtMs when it left, ms since 1970
 * @param deletingVersion the manifest version from which on it is deleted from the disk: it may be gone, and no reader and no restore takes it; 0 as
 *        long as it stays
 * @param deletingAtMs when that version was made, ms since 1970
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record RetiredFile(DataFile file, Reason reason, @Nullable String replacedBy, long retiredAtMs,
        long deletingVersion, long deletingAtMs) {

    /** Why a file left the archive. */
    public enum Reason {
        /** A compacted file has its rows. */
        COMPACTED,
        /** A compacted file that has rows of an abandoned branch too: the files that it was made of are back. */
        SPLIT,
        /** Its rows are older than the retention. */
        EXPIRED,
        /** Some of its rows were erased by request: it goes without a grace time. */
        ERASED
    }

    public RetiredFile {
        requireNonNull(file, "file");
        requireNonNull(reason, "reason");
    }

    /** Whether it is being deleted. */
    @JsonIgnore
    public boolean isDeleting() {
        return deletingVersion > 0;
    }

    /** A file that leaves now. */
    static RetiredFile now(DataFile file, Reason reason, @Nullable String replacedBy, long nowMs) {
        return new RetiredFile(file, reason, replacedBy, nowMs, 0, 0);
    }

    /** As this one, of another file that stands for this, or with a compacted file that has another identity since. */
    RetiredFile of(DataFile other, @Nullable String nowReplacedBy) {
        return new RetiredFile(other, reason, nowReplacedBy, retiredAtMs, deletingVersion, deletingAtMs);
    }

    /** As this one, of which the clock was wrong when it left. */
    RetiredFile leftAt(long nowMs) {
        return new RetiredFile(file, reason, replacedBy, nowMs, deletingVersion, deletingAtMs);
    }

    /** As this one, being deleted. */
    RetiredFile beingDeleted(long version, long nowMs) {
        return new RetiredFile(file, reason, replacedBy, retiredAtMs, version, nowMs);
    }
}
