package io.qaexchange.events;

import java.util.Objects;

/**
 * The reason why a message is not stored, for programs and for people.
 *
 * @param detail what is wrong, where, and what was expected; never the whole message
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
