package io.qaexchange.job.server.http;

import java.util.List;
import java.util.Map;

/**
 * An answer that says why there is no other, as RFC 9457 has it.
 */
public final class Problem extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final int status;
    private final String code;
    private final transient Map<String, Object> more;

    /**
     * @param status HTTP status
     * @param code what programs look at, in kebab case; part of the problem's type
     * @param detail a sentence for people: what, where, what to do
     */
    public Problem(int status, String code, String detail) {
        this(status, code, detail, Map.of());
    }

    /** @param more further members */
    public Problem(int status, String code, String detail, Map<String, Object> more) {
        super(detail);
        this.status = status;
        this.code = code;
        this.more = more;
    }

    static Problem badRequest(String code, String detail) {
        return new Problem(400, code, detail);
    }

    /** An unknown name, with those that are near. */
    static Problem unknown(String code, String detail, List<String> near) {
        return new Problem(404, code, near.isEmpty() ? detail : detail + ". Near names: " + String.join(", ", near), Map.of("near", near));
    }

    public int status() {
        return status;
    }

    public String code() {
        return code;
    }

    /** The members of the problem document. */
    Map<String, Object> document(String instance) {
        Map<String, Object> document = new java.util.LinkedHashMap<>();
        document.put("type", "urn:qaexchange:problem:" + code);
        document.put("title", code.replace('-', ' '));
        document.put("status", status);
        document.put("detail", getMessage());
        document.put("instance", instance);
        document.putAll(more == null ? Map.of() : more);
        return document;
    }
}
