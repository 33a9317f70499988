package io.qaexchange.job.server.flight;

import io.qaexchange.job.server.security.Tokens;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.Arrays;
import java.util.Base64;
import javax.annotation.Nullable;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Tokens for clients that have shown a password, so that they need not show it with each call. Nothing is kept: a token names its user and its
 * end, and is signed with a secret of this process and with what the token file has about the user. It ends after twelve hours, with the server,
 * and as soon as an entry of the user changes.
 *
 * <p>Thread-safe.
 */
final class BearerTokens {

    private static final String PREFIX = "qax1.";
    private static final Duration LIFE = Duration.ofHours(12);
    private static final int MAC_BYTES = 32;

    private final Tokens tokens;
    private final Clock clock;
    private final byte[] secret = new byte[32];

    BearerTokens(Tokens tokens, Clock clock) {
        this.tokens = tokens;
        this.clock = clock;
        new SecureRandom().nextBytes(secret);
    }

    String issue(String user) throws IOException {
        byte[] name = user.getBytes(StandardCharsets.UTF_8);
        byte[] body = ByteBuffer.allocate(Long.BYTES + name.length).putLong(clock.instant().plus(LIFE).getEpochSecond()).put(name).array();
        byte[] mac = mac(body, tokens.secretsOf(user));
        return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(ByteBuffer.allocate(MAC_BYTES + body.length).put(mac).put(body).array());
    }

    /** The user of a token; null if it is none of ours, or over. */
    @Nullable
    String userOf(String token) throws IOException {
        if (!token.startsWith(PREFIX)) {
            return null;
        }
        byte[] bytes;
        try {
            bytes = Base64.getUrlDecoder().decode(token.substring(PREFIX.length()));
        } catch (IllegalArgumentException e) {
            return null;
        }
        if (bytes.length < MAC_BYTES + Long.BYTES) {
            return null;
        }
        ByteBuffer body = ByteBuffer.wrap(bytes, MAC_BYTES, bytes.length - MAC_BYTES).slice();
        byte[] signed = new byte[body.remaining()];
        body.duplicate().get(signed);
        long end = body.getLong();
        String user = StandardCharsets.UTF_8.decode(body).toString();
        boolean right = MessageDigest.isEqual(mac(signed, tokens.secretsOf(user)), Arrays.copyOf(bytes, MAC_BYTES));
        return right && clock.instant().getEpochSecond() < end ? user : null;
    }

    private byte[] mac(byte[] body, String secrets) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(secret, "HmacSHA256"));
            mac.update(secrets.getBytes(StandardCharsets.UTF_8));
            mac.update((byte) 0);
            return mac.doFinal(body);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HMAC with SHA-256", e);
        }
    }
}
