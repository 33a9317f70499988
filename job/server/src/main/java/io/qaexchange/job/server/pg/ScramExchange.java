package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.security.ScramVerifier;
import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The server's side of one login by SCRAM-SHA-256, RFC 5802, without channel binding. One thread. */
final class ScramExchange {

    static final String MECHANISM = "SCRAM-SHA-256";

    private static final Pattern CLIENT_FIRST = Pattern.compile("([ny]),(a=[^,]*)?,(n=([^,]*),r=([\\x21-\\x2b\\x2d-\\x7e]+)(,.*)?)");
    private static final Pattern CLIENT_FINAL = Pattern.compile("(c=([A-Za-z0-9+/=]+),r=([\\x21-\\x2b\\x2d-\\x7e]+)(?:,[^p].*)?),p=([A-Za-z0-9+/=]+)");

    private final ScramVerifier verifier;
    private String header;
    private String clientFirstBare;
    private String serverFirst;
    private String nonce;

    ScramExchange(ScramVerifier verifier) {
        this.verifier = verifier;
    }

    /** Answers the client's first message. */
    String first(byte[] message) throws PgException {
        Matcher matcher = CLIENT_FIRST.matcher(PgInput.text(ByteBuffer.wrap(message)));
        if (!matcher.matches()) {
            throw PgException.protocol("malformed SCRAM message");
        }
        header = matcher.group(1) + "," + (matcher.group(2) == null ? "" : matcher.group(2)) + ",";
        clientFirstBare = matcher.group(3);
        byte[] random = new byte[18];
        new SecureRandom().nextBytes(random);
        nonce = matcher.group(5) + Base64.getEncoder().encodeToString(random);
        serverFirst = "r=" + nonce + ",s=" + verifier.saltBase64() + ",i=" + verifier.iterations();
        return serverFirst;
    }

    /** Checks the client's final message. @return the last message of the server; null if the password is wrong */
    String last(byte[] message) throws PgException {
        Matcher matcher = CLIENT_FINAL.matcher(PgInput.text(ByteBuffer.wrap(message)));
        if (!matcher.matches()) {
            throw PgException.protocol("malformed SCRAM message");
        }
        byte[] binding;
        byte[] proof;
        try {
            binding = Base64.getDecoder().decode(matcher.group(2));
            proof = Base64.getDecoder().decode(matcher.group(4));
        } catch (IllegalArgumentException e) {
            throw PgException.protocol("malformed SCRAM message: " + e.getMessage());
        }
        if (!matcher.group(3).equals(nonce) || !Arrays.equals(binding, header.getBytes(java.nio.charset.StandardCharsets.UTF_8))) {
            throw PgException.protocol("SCRAM nonce or channel binding does not match");
        }
        String all = clientFirstBare + "," + serverFirst + "," + matcher.group(1);
        return verifier.accepts(proof, all) ? "v=" + verifier.serverSignatureBase64(all) : null;
    }
}
