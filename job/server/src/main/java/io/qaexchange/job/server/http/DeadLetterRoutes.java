package io.qaexchange.job.server.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.qaexchange.events.Decoded;
import io.qaexchange.events.EventDecoder;
import io.qaexchange.events.EventJson;
import io.qaexchange.job.server.engine.Operations;
import io.qaexchange.job.server.letters.DeadLetterSource;
import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import javax.annotation.Nullable;

/** Dead letters: counted, looked at, decoded, sent again. Thread-safe. */
public final class DeadLetterRoutes {

    private static final int USUAL_LETTERS = 100;
    private static final int MOST_LETTERS = 1_000;
    private static final int PREVIEW_CHARACTERS = 160;
    /** A larger message is shown by its beginning; bin/dead-letters show prints the whole of it. */
    private static final int SHOWN_BYTES = 64 << 10;
    private static final int MOST_PROBLEMS = 20;
    private static final int MOST_CHARACTER_BYTES = 4;
    private static final long MOST_WAIT_S = 60;

    @Nullable
    private final DeadLetterSource letters;
    private final Operations operations;

    /** @param letters where they lie; null if the server was not told */
    public DeadLetterRoutes(@Nullable DeadLetterSource letters, Operations operations) {
        this.letters = letters;
        this.operations = operations;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.add("GET", "/v1/dead-letters", Role.READER, (exchange, path) -> all(exchange));
        endpoint.add("GET", "/v1/dead-letters/*", Role.READER, this::one);
        endpoint.add("POST", "/admin/dead-letters/resend", Role.OPERATOR, (exchange, path) -> resend(exchange));
    }

    private DeadLetterSource letters() {
        if (letters == null) {
            throw new Problem(409, "no-kafka", "this server was not told where Kafka is, so it cannot show dead letters: start it with bin/serve --brokers HOST:PORT"
                    + " (with --dir it takes the broker that bin/kafka started there). Until then: bin/dead-letters on a machine that reaches Kafka");
        }
        return letters;
    }

    private void all(Exchange exchange) throws IOException {
        exchange.allow("reason", "limit");
        int limit = (int) exchange.number("limit", USUAL_LETTERS, 1, MOST_LETTERS);
        DeadLetterSource source = letters();
        DeadLetterSource.Overview found = source.overview(new DeadLetterSource.Filter(exchange.parameter("reason"), null), limit);
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("place", source.place());
        document.put("letters", found.byReason().values().stream().mapToLong(Long::longValue).sum());
        document.put("sentAgain", found.sentAgain().values().stream().mapToLong(Long::longValue).sum());
        List<Map<String, Object>> reasons = new ArrayList<>();
        for (String reason : new TreeSet<>(found.byReason().keySet())) {
            reasons.add(Map.of("reason", reason, "letters", found.byReason().get(reason), "sentAgain", found.sentAgain().getOrDefault(reason, 0L)));
        }
        document.put("reasons", reasons);
        document.put("matching", found.matching());
        document.put("newest", found.newest().stream().map(DeadLetterRoutes::summary).toList());
        exchange.compactJson(200, document);
    }

    private void one(Exchange exchange, String position) throws IOException {
        exchange.allow();
        DeadLetterSource.Letter letter = letters().find(position).orElseThrow(() -> new Problem(404, "no-such-letter", "there is no letter about " + position
                + " in " + letters.place() + "; a position is TOPIC-PARTITION@OFFSET, /v1/dead-letters lists them"));
        Map<String, Object> document = summary(letter);
        document.put("key", letter.key() == null ? null : text(letter.key()));
        List<Map<String, String>> headers = new ArrayList<>();
        letter.headers().forEach(header -> headers.add(Map.of("name", header.getKey(), "value", header.getValue())));
        document.put("headers", headers);
        document.put("message", message(letter.value(), letter.isCut()));
        exchange.json(200, document);
    }

    private static Map<String, Object> summary(DeadLetterSource.Letter letter) {
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("position", letter.position());
        document.put("reason", letter.reason());
        document.put("detail", letter.detail());
        document.put("writtenAt", Instant.ofEpochMilli(letter.writtenMs()).toString());
        document.put("messageAt", letter.messageMs() == null ? null : Instant.ofEpochMilli(letter.messageMs()).toString());
        document.put("lengthBytes", letter.lengthBytes());
        document.put("isCut", letter.isCut());
        document.put("sentAgainAt", letter.sentAgainAt());
        String text = text(letter.value());
        document.put("preview", text == null ? HexFormat.of().formatHex(letter.value(), 0, Math.min(letter.value().length, PREVIEW_CHARACTERS / 2))
                : text.substring(0, Math.min(text.length(), PREVIEW_CHARACTERS)));
        return document;
    }

    /** A message decoded as far as it can be: as an event, as JSON, as text, as bytes. */
    private static Map<String, Object> message(byte[] value, boolean isCut) {
        Map<String, Object> document = new LinkedHashMap<>();
        EventDecoder decoder = new EventDecoder();
        Decoded decoded = decoder.decode(value);
        document.put("bytes", value.length);
        document.put("isCut", isCut);
        document.put("isEvent", decoded.isAccepted());
        document.put("problem", decoded.isAccepted() ? null : decoded.rejection().toString());
        byte[] shown = value.length > SHOWN_BYTES ? Arrays.copyOf(value, SHOWN_BYTES) : value;
        String text = text(shown);
        String json = decoded.isAccepted() ? pretty(EventJson.write(decoder.event())) : text == null ? null : pretty(text);
        document.put("isJson", !decoded.isAccepted() && json != null);
        document.put("decoded", json);
        document.put("text", text);
        document.put("hex", text == null ? HexFormat.of().formatHex(shown) : null);
        return document;
    }

    /** The object or array that a text is, with a line for each member; a text, as clients cut long numbers. Null if it is none. */
    @Nullable
    private static String pretty(String text) {
        try {
            JsonNode tree = Exchange.JSON.readTree(text);
            return tree != null && tree.isContainerNode() ? tree.toPrettyString() : null;
        } catch (JsonProcessingException e) {
            return null;  // What is no JSON is shown as the text that it is.
        }
    }

    /** The text that some bytes are; null if they are no UTF-8, or have characters that no text has. The last character may be cut in two. */
    @Nullable
    private static String text(byte[] bytes) {
        for (int cut = 0; cut < MOST_CHARACTER_BYTES && cut <= bytes.length; cut++) {
            try {
                String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, 0, bytes.length - cut)).toString();
                return text.chars().anyMatch(character -> character < ' ' && "\t\n\r".indexOf(character) < 0) ? null : text;
            } catch (CharacterCodingException e) {
                continue;  // With fewer bytes it may be text.
            }
        }
        return null;
    }

    private void resend(Exchange exchange) throws Exception {
        exchange.allow("reason", "position", "all", "dry-run", "wait");
        DeadLetterSource source = letters();
        String reason = exchange.parameter("reason");
        String position = exchange.parameter("position");
        boolean all = exchange.flag("all");
        if (reason == null && position == null && !all) {
            throw Problem.badRequest("missing-parameter", "say which letters: reason=, position= or all=true");
        }
        if (all && (reason != null || position != null)) {
            throw Problem.badRequest("bad-parameter", "all=true is all letters: leave out reason and position");
        }
        byte[] body = exchange.bytes();
        if (body.length > 0 && position == null) {
            throw Problem.badRequest("missing-parameter", "the body replaces one message: say which with position=");
        }
        byte[] repaired = body.length == 0 ? null : body;
        DeadLetterSource.Filter which = new DeadLetterSource.Filter(reason, position);
        long waitMs = exchange.number("wait", 0, 0, MOST_WAIT_S) * 1000;
        if (exchange.flag("dry-run")) {
            dryRun(exchange, source, which, repaired);
            return;
        }
        Operations.Operation operation = operations.start("dead letters", exchange.user().name(), () -> sentence(source.resend(which, repaired, false)));
        if (waitMs > 0) {
            operations.await(operation, waitMs);
        }
        exchange.setHeader("Location", "/admin/operations/" + operation.getId());
        exchange.json(operation.isRunning() ? 202 : 200, operation);
    }

    private static void dryRun(Exchange exchange, DeadLetterSource source, DeadLetterSource.Filter which, @Nullable byte[] repaired) throws IOException {
        DeadLetterSource.Outcome outcome = source.resend(which, repaired, true);
        if (which.position() != null && outcome.sent() + outcome.earlier() + outcome.problems().size() == 0) {
            throw new Problem(404, "no-such-letter", "there is no letter about " + which.position() + " in " + source.place());
        }
        Map<String, Object> document = new LinkedHashMap<>();
        document.put("dryRun", true);
        document.put("wouldBeSent", outcome.sent());
        document.put("sentEarlier", outcome.earlier());
        document.put("cannotBeSent", outcome.problems().size());
        document.put("problems", outcome.problems().stream().limit(MOST_PROBLEMS).toList());
        document.put("message", repaired == null ? null : message(repaired, false));
        exchange.json(200, document);
    }

    private static String sentence(DeadLetterSource.Outcome outcome) {
        String counts = String.format(Locale.ROOT, "sent again: %,d; sent again earlier: %,d; not sent: %,d", outcome.sent(), outcome.earlier(), outcome.problems().size());
        return outcome.problems().isEmpty() ? counts
                : counts + ": " + String.join("; ", outcome.problems().subList(0, Math.min(outcome.problems().size(), MOST_PROBLEMS)));
    }
}
