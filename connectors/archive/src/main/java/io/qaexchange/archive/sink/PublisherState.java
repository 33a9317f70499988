package io.qaexchange.archive.sink;

import org.apache.flink.api.common.state.ListStateDescriptor;

/** Names of the publisher's operator state, for those who read checkpoints. */
public final class PublisherState {

    /** The epoch that took the checkpoint: a list with one text. */
    public static final String EPOCH = "archive-epoch";
    /** Files that are handed over and not yet published. */
    public static final String PENDING = "archive-pending";

    private PublisherState() {
    }

    /** A file that is handed over and not yet published. */
    public interface Pending {
        /** Where it will lie. */
        String path();
    }

    /** The state of pending files. */
    public static ListStateDescriptor<? extends Pending> pending() {
        return ManifestPublisher.pendingDescriptor();
    }
}
