package io.qaexchange.job.server.http;

import io.qaexchange.job.server.security.Tokens;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import javax.annotation.Nullable;

/** An exchange whose answer stays here, with neither parameters nor headers. One thread. */
final class CapturedExchange extends Exchange {

    private final ByteArrayOutputStream answer = new ByteArrayOutputStream();

    /** @param of the exchange that the answer is for */
    CapturedExchange(Exchange of, @Nullable Tokens.User user) {
        super(of, user);
    }

    byte[] bytesOfAnswer() {
        return answer.toByteArray();
    }

    @Override
    void setHeader(String name, String value) {
        // Headers are of the exchange that the answer is for.
    }

    @Override
    void notice(String sentence) {
        // As above.
    }

    @Override
    OutputStream begin(int status, String contentType) {
        answer.reset();
        return answer;
    }
}
