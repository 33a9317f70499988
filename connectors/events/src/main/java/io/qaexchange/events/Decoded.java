package io.qaexchange.events;

import java.util.Objects;

/**
 * What became of a message: canonical bytes of an event, or a rejection; one of the two is null.
 *
 * @param event canonical SBE bytes; the message's own array if it was SBE
 * @param rejection why there is no event
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
