package io.qaexchange.job.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

/** A key is one call of one user, for a day, and keys cannot fill the memory. */
class IdempotencyKeysTest {

    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private final IdempotencyKeys keys = new IdempotencyKeys(new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return now;
        }
    });

    private static IdempotencyKeys.Answer answer(int status, String body) {
        return new IdempotencyKeys.Answer(status, "application/json", "/admin/operations/1", body.getBytes(StandardCharsets.UTF_8));
    }

    private static String request(String path, String query, String body) {
        return IdempotencyKeys.requestOf("POST", path, query, body.getBytes(StandardCharsets.UTF_8));
    }

    private static void assertProblem(org.assertj.core.api.ThrowableAssert.ThrowingCallable call, int status, String code) {
        assertThatThrownBy(call).isInstanceOfSatisfying(Problem.class, problem -> {
            assertThat(problem.status()).isEqualTo(status);
            assertThat(problem.code()).isEqualTo(code);
        });
    }

    @Test
    void theSameCallHasTheSameAnswerAndAnotherIsRefused() {
        String first = request("/admin/savepoint", "wait=1", "");
        assertThat(keys.begin("otto", "k", first)).isNull();
        assertProblem(() -> keys.begin("otto", "k", first), 409, "idempotency-key-in-use");
        IdempotencyKeys.Answer given = answer(202, "{}");
        keys.end("otto", "k", given);
        assertThat(keys.begin("otto", "k", first)).isSameAs(given);
        for (String other : new String[] {request("/admin/savepoint", null, ""), request("/admin/checkpoint", "wait=1", ""), request("/admin/savepoint", "wait=1", "x")}) {
            assertProblem(() -> keys.begin("otto", "k", other), 422, "idempotency-key-reused");
        }
        assertThat(keys.begin("ada", "k", first)).as("another user's key").isNull();
    }

    @Test
    void aCallThatIsAnsweredWithAProblemOrNotAtAllMayBeCorrected() {
        assertThat(keys.begin("otto", "k", request("/a", null, "wrong"))).isNull();
        keys.end("otto", "k", answer(400, "{}"));
        assertThat(keys.begin("otto", "k", request("/a", null, "right"))).isNull();
        keys.end("otto", "k", null);
        assertThat(keys.begin("otto", "k", request("/a", null, "again"))).isNull();
    }

    @Test
    void keysEndAfterADayAndTheOldestGoWhenThereAreMany() {
        String request = request("/a", null, "");
        keys.begin("otto", "running", request);
        for (int i = 0; i < 3 * IdempotencyKeys.MOST; i++) {
            keys.begin("otto", "k" + i, request);
            keys.end("otto", "k" + i, answer(200, "{}"));
            assertThat(keys.size()).isLessThanOrEqualTo(IdempotencyKeys.MOST);
        }
        assertProblem(() -> keys.begin("otto", "running", request), 409, "idempotency-key-in-use");
        String last = "k" + (3 * IdempotencyKeys.MOST - 1);
        assertThat(keys.begin("otto", last, request)).isNotNull();
        now = now.plus(Duration.ofHours(25));
        assertThat(keys.begin("otto", last, request)).as("a day later").isNull();
        assertThat(keys.size()).as("that one, and the one that has no answer").isEqualTo(2);
    }

    @Test
    void aKeyIsShortVisibleAndInQuotesOrNot() {
        assertThat(IdempotencyKeys.parse("\"8e03978e-40d5-43e8-bc93-6894a57f9324\"")).isEqualTo(IdempotencyKeys.parse("8e03978e-40d5-43e8-bc93-6894a57f9324"));
        for (String wrong : new String[] {"", "\"\"", "\"a", "a b", "ä", "a".repeat(256), "a\"b", "\"a\\b\""}) {
            assertProblem(() -> IdempotencyKeys.parse(wrong), 400, "bad-header");
        }
    }
}
