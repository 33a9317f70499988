package io.qaexchange.job.model.live;

import java.io.IOException;

/** A read endpoint refused or could not answer. */
public final class LiveException extends IOException {

    private static final long serialVersionUID = 1L;

    private final String code;

    /** @param code one of the codes of {@link LiveProtocol} */
    public LiveException(String code, String message) {
        super(message);
        this.code = code;
    }

    public String code() {
        return code;
    }

    /** Whether another attempt, after asking the coordinator again, may succeed. */
    public boolean isRetriable() {
        return code.equals(LiveProtocol.GONE) || code.equals(LiveProtocol.BUSY);
    }
}
