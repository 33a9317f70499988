package io.qaexchange.events;

import java.util.Objects;

/**
 * Result of decoding a message: the canonical bytes of an event, or a rejection. Exactly one of the two is null.
 *
 * @param event canonical SBE bytes; the array of the message itself if the message was SBE
 * @param rejection the reason why the message is not an event
 */
public record Decoded(byte[] event, Rejection rejection) {

    public Decoded {
        if ((event == null) == (rejection == null)) {
            throw new IllegalArgumentException("either an event or a rejection");
        }
    }

    static Decoded accepted(byte[] event) {
        return new Decoded(Objects.requireNonNull(event), null);
    }

    static Decoded rejected(RejectionReason reason, String detail) {
        return new Decoded(null, new Rejection(reason, detail));
    }

    public boolean isAccepted() {
        return rejection == null;
    }
}
