package io.qaexchange.events;

import java.util.Objects;

/**
 * Why a message is not stored, for a machine and for a reader.
 *
 * @param detail what, where and what was expected; never the whole message
 */
public record Rejection(RejectionReason reason, String detail) {

    public Rejection {
        Objects.requireNonNull(reason, "reason");
        Objects.requireNonNull(detail, "detail");
    }

    @Override
    public String toString() {
        return reason.label() + ": " + detail;
    }
}
