package io.qaexchange.archive.sink;

/** Names of the publisher's operator state, for those who read checkpoints. */
public final class PublisherState {

    /** The epoch that took the checkpoint: a list with one text. */
    public static final String EPOCH = "archive-epoch";
    /** Files that are handed over and not yet published. */
    public static final String PENDING = "archive-pending";

    private PublisherState() {
    }
}
