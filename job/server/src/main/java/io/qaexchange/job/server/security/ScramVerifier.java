package io.qaexchange.job.server.security;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.text.Normalizer;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * A verifier, which proves a password by SCRAM-SHA-256 (RFC 5802, 7677) without telling it. Its text is PostgreSQL's:
 * {@code SCRAM-SHA-256$4096:salt$stored key:server key}, all in base64.
 *
 * <p>Immutable.
 */
public final class ScramVerifier {

    /** Rounds that PostgreSQL takes. */
    public static final int ITERATIONS = 4_096;

    private static final int MAX_ITERATIONS = 10_000_000;
    private static final int KEY_BYTES = 32;
    private static final int SALT_BYTES = 16;
    private static final Pattern TEXT = Pattern.compile("SCRAM-SHA-256\\$(\\d{1,8}):([A-Za-z0-9+/=]+)\\$([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)");

    private final int iterations;
    private final byte[] salt;
    private final byte[] storedKey;
    private final byte[] serverKey;

    private ScramVerifier(int iterations, byte[] salt, byte[] storedKey, byte[] serverKey) {
        this.iterations = iterations;
        this.salt = salt;
        this.storedKey = storedKey;
        this.serverKey = serverKey;
    }

    /**
     * Reads a verifier's text.
     *
     * @throws IllegalArgumentException if it is none
     */
    public static ScramVerifier parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException("a verifier looks like SCRAM-SHA-256$4096:<salt>$<stored key>:<server key>");
        }
        int iterations = Integer.parseInt(matcher.group(1));
        byte[] salt = Base64.getDecoder().decode(matcher.group(2));
        byte[] stored = Base64.getDecoder().decode(matcher.group(3));
        byte[] server = Base64.getDecoder().decode(matcher.group(4));
        if (iterations < 1 || iterations > MAX_ITERATIONS || stored.length != KEY_BYTES || server.length != KEY_BYTES) {
            throw new IllegalArgumentException("a verifier has 1 to " + MAX_ITERATIONS + " iterations and two keys of " + KEY_BYTES + " bytes");
        }
        return new ScramVerifier(iterations, salt, stored, server);
    }

    /** The verifier of a password, with a salt of its own. */
    public static ScramVerifier ofPassword(String password) {
        byte[] salt = new byte[SALT_BYTES];
        new SecureRandom().nextBytes(salt);
        return ofPassword(password, salt, ITERATIONS);
    }

    static ScramVerifier ofPassword(String password, byte[] salt, int iterations) {
        byte[] salted = saltedPassword(password, salt, iterations);
        return new ScramVerifier(iterations, salt.clone(), sha256(hmac(salted, "Client Key".getBytes(StandardCharsets.US_ASCII))),
                hmac(salted, "Server Key".getBytes(StandardCharsets.US_ASCII)));
    }

    /**
     * A verifier that no password fits, for a user whom nobody knows: the same for the same name, so that answers do not tell who is known.
     *
     * @param secret a secret of the server
     */
    public static ScramVerifier unknown(String user, byte[] secret) {
        byte[] salt = Arrays.copyOf(hmac(secret, user.getBytes(StandardCharsets.UTF_8)), SALT_BYTES);
        byte[] none = new byte[KEY_BYTES];
        new SecureRandom().nextBytes(none);
        return new ScramVerifier(ITERATIONS, salt, none, none.clone());
    }

    /** As clients do it: RFC 4013 for what people type; spaces become plain, compatible forms one. */
    static String prepare(String password) {
        StringBuilder text = new StringBuilder();
        password.codePoints().filter(c -> c != 0x00AD && c != 0x200B && c != 0x2060 && c != 0xFEFF)
                .map(c -> c > 0x7f && Character.isSpaceChar(c) ? ' ' : c).forEach(text::appendCodePoint);
        return Normalizer.normalize(text, Normalizer.Form.NFKC);
    }

    private static byte[] saltedPassword(String password, byte[] salt, int iterations) {
        try {
            PBEKeySpec spec = new PBEKeySpec(prepare(password).toCharArray(), salt, iterations, KEY_BYTES * 8);
            return SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256").generateSecret(spec).getEncoded();
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has PBKDF2 with SHA-256", e);
        }
    }

    /** Whether it is the verifier of a password that was sent as it is. Takes as long as a client's proof does, whatever the password. */
    public boolean matches(String password) {
        byte[] clientKey = hmac(saltedPassword(password, salt, iterations), "Client Key".getBytes(StandardCharsets.US_ASCII));
        return MessageDigest.isEqual(sha256(clientKey), storedKey);
    }

    public int iterations() {
        return iterations;
    }

    public String saltBase64() {
        return Base64.getEncoder().encodeToString(salt);
    }

    /**
     * Whether a proof is right, in the same time for any proof.
     *
     * @param authMessage the messages that it is about, as RFC 5802 puts them together
     */
    public boolean accepts(byte[] proof, String authMessage) {
        byte[] signature = hmac(storedKey, authMessage.getBytes(StandardCharsets.UTF_8));
        byte[] clientKey = new byte[KEY_BYTES];
        for (int i = 0; i < KEY_BYTES; i++) {
            clientKey[i] = (byte) (signature[i] ^ (i < proof.length ? proof[i] : 0));
        }
        return MessageDigest.isEqual(sha256(clientKey), storedKey) & proof.length == KEY_BYTES;
    }

    /** The signature that shows the client that the server knows the verifier. */
    public String serverSignatureBase64(String authMessage) {
        return Base64.getEncoder().encodeToString(hmac(serverKey, authMessage.getBytes(StandardCharsets.UTF_8)));
    }

    private static byte[] hmac(byte[] key, byte[] text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has HMAC with SHA-256", e);
        }
    }

    private static byte[] sha256(byte[] bytes) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(bytes);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    @Override
    public String toString() {
        return "SCRAM-SHA-256$" + iterations + ":" + saltBase64() + "$" + Base64.getEncoder().encodeToString(storedKey) + ":"
                + Base64.getEncoder().encodeToString(serverKey);
    }
}
