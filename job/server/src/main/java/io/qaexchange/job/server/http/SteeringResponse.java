package io.qaexchange.job.server.http;

import io.qaexchange.job.server.security.AuditLog;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Instant;
import javax.annotation.Nullable;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/**
 * The response of a call that steers. The call is noted before its answer ends: who has the answer finds the call in the audit log. If told so, it keeps
 * the answer, for whoever asks the same again. One thread.
 */
final class SteeringResponse extends Response.Wrapper {

    private final AuditLog audit;
    private final String path;
    private final String id;
    private final long beganNs;
    private String user = "-";
    private boolean noted;
    /** Null if the answer is not kept. */
    @Nullable
    private ByteArrayOutputStream kept;
    private boolean isWhole;

    /** @param path path and parameters, without secrets */
    SteeringResponse(Request request, Response response, AuditLog audit, String path, String id, long beganNs) {
        super(request, response);
        this.audit = audit;
        this.path = path;
        this.id = id;
        this.beganNs = beganNs;
    }

    void setUser(String user) {
        this.user = user;
    }

    /** Keeps the answer that follows. */
    void keepAnswer() {
        kept = new ByteArrayOutputStream();
    }

    /** The answer; null if it has not ended, or is too long to be kept. */
    @Nullable
    IdempotencyKeys.Answer answer() {
        return kept == null || !isWhole ? null
                : new IdempotencyKeys.Answer(getStatus(), getHeaders().get("Content-Type"), getHeaders().get("Location"), kept.toByteArray());
    }

    @Override
    public void write(boolean last, ByteBuffer content, Callback callback) {
        if (kept != null && content != null) {
            keep(content.slice());
        }
        if (last) {
            isWhole = true;
            note();
        }
        super.write(last, content, callback);
    }

    private void keep(ByteBuffer content) {
        if (kept.size() + content.remaining() > IdempotencyKeys.MOST_BYTES) {
            kept = null;
            return;
        }
        byte[] bytes = new byte[content.remaining()];
        content.get(bytes);
        kept.writeBytes(bytes);
    }

    void note() {
        if (!noted) {
            noted = true;
            audit.note(new AuditLog.Call(Instant.now().toString(), user, getRequest().getMethod() + " " + path, getStatus(), id, (System.nanoTime() - beganNs) / 1_000_000));
        }
    }
}
