package io.qaexchange.events;

/**
 * Thrown for stored bytes that are not a valid event, and for invalid values passed to a builder. Unchecked, because flyweights read in hot
 * loops; never thrown out of {@link EventDecoder}.
 */
public final class MalformedEventException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final RejectionReason reason;
    private final String detail;

    public MalformedEventException(RejectionReason reason, String detail) {
        super(reason.label() + ": " + detail);
        this.reason = reason;
        this.detail = detail;
    }

    public MalformedEventException(Rejection rejection) {
        this(rejection.reason(), rejection.detail());
    }

    public RejectionReason reason() {
        return reason;
    }

    /** The field, its place and the expected value, without the reason. */
    public String detail() {
        return detail;
    }
}
