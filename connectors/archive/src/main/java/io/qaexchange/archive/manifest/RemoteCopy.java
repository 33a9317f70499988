package io.qaexchange.archive.manifest;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.io.Serializable;

/**
 * The copy of a file in an object store, and what that means for the local file. An entry is there before the first byte is copied, so no object is
 * ever unknown to the manifest.
 *
 * <pre>
 *   COPYING ─► BOTH ─► LEAVING ─► DELETING ─► REMOTE ─► FETCHING ─► BOTH
 *                ▲────────┘ fetched before it was deleted
 * </pre>
 *
 * @param batchId identity of the file
 * @param store the object store, a URI such as {@code s3://bucket/prefix}; never with credentials
 * @param key name of the object in it
 * @param lengthBytes its length
 * @param sha256 SHA-256 of its bytes in hexadecimal digits
 * @param stage where its bytes are
 * @param stageVersion the manifest version in which the stage began
 * @param stageAtMs when that was, ms since 1970
 * @param keepLocalUntilMs the local file was fetched and stays until then, ms since 1970; 0 for a file that was not
 */
public record RemoteCopy(String batchId, String store, String key, long lengthBytes, String sha256, Stage stage, long stageVersion, long stageAtMs,
        long keepLocalUntilMs) implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Where the bytes of a file are. */
    public enum Stage {
        /** Local only; the object is being made, and no reader takes it. */
        COPYING,
        /** In both places, compared byte by byte. */
        BOTH,
        /** In both places; new readers take the object, and the local file goes when the grace time is over. */
        LEAVING,
        /** The local file is being deleted. */
        DELETING,
        /** In the object store only. */
        REMOTE,
        /** As {@link #REMOTE}; the local file is being made again. */
        FETCHING
    }

    public RemoteCopy {
        requireNonNull(batchId, "batchId");
        requireNonNull(store, "store");
        requireNonNull(key, "key");
        requireNonNull(sha256, "sha256");
        requireNonNull(stage, "stage");
    }

    /** Where the object lies. */
    @JsonIgnore
    public String uri() {
        return store + (store.endsWith("/") ? "" : "/") + key;
    }

    /** Whether readers take the local file. */
    @JsonIgnore
    public boolean isReadLocally() {
        return stage == Stage.COPYING || stage == Stage.BOTH;
    }

    /** Whether the local file must be there: nobody deletes it yet. */
    @JsonIgnore
    public boolean hasLocalFile() {
        return stage == Stage.COPYING || stage == Stage.BOTH || stage == Stage.LEAVING;
    }

    /** Whether the object is there, and was compared with the file. */
    @JsonIgnore
    public boolean hasObject() {
        return stage != Stage.COPYING;
    }

    /** As this one, in a stage that begins with a version. */
    public RemoteCopy at(Stage next, long version, long nowMs) {
        return new RemoteCopy(batchId, store, key, lengthBytes, sha256, next, version, nowMs, keepLocalUntilMs);
    }

    /** As this one, with a time until which the local file stays. */
    public RemoteCopy keptUntil(long ms) {
        return new RemoteCopy(batchId, store, key, lengthBytes, sha256, stage, stageVersion, stageAtMs, ms);
    }
}
