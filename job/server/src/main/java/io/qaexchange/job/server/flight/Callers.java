package io.qaexchange.job.server.flight;

import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.qaexchange.job.server.security.LoginLimits;
import io.qaexchange.job.server.security.ScramVerifier;
import io.qaexchange.job.server.security.Tokens;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicReference;
import javax.annotation.Nullable;
import org.apache.arrow.flight.CallHeaders;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.auth2.CallHeaderAuthenticator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out who calls, by header {@code Authorization}: a token of the token file, a user with password or token (Basic, which is answered with a token for
 * the calls that follow), or such a token. Without a token file every name is taken.
 *
 * <p>Thread-safe.
 */
final class Callers implements CallHeaderAuthenticator {

    private static final Logger LOG = LoggerFactory.getLogger(Callers.class);
    private static final Logger ACCESS = LoggerFactory.getLogger("io.qaexchange.access");

    private static final String HEADER = "authorization";
    private static final String BASIC = "Basic ";
    private static final String BEARER = "Bearer ";
    private static final String INVALID_PASSWORD = "28P01";
    private static final String INVALID_AUTHORIZATION = "28000";
    private static final String LOCAL = "local";
    private static final Context.Key<AtomicReference<SocketAddress>> ADDRESS = Context.key("address of the caller");

    private final Tokens tokens;
    private final boolean encrypted;
    private final BearerTokens bearers;
    private final LoginLimits limits;
    private final byte[] secret = new byte[32];

    /** @param encrypted whether calls come over TLS */
    Callers(Tokens tokens, Clock clock, boolean encrypted) {
        this.tokens = tokens;
        this.encrypted = encrypted;
        this.bearers = new BearerTokens(tokens, clock);
        this.limits = new LoginLimits(clock);
        new SecureRandom().nextBytes(secret);
    }

    /** A user, with a token for his next calls if he has shown a password. */
    private record Caller(String name, @Nullable String bearer) implements AuthResult {
        @Override
        public String getPeerIdentity() {
            return name;
        }

        @Override
        public void appendToOutgoingHeaders(CallHeaders headers) {
            if (bearer != null) {
                headers.insert(HEADER, BEARER + bearer);
            }
        }
    }

    /** Keeps the caller's address for {@link #authenticate}, which sees headers only. A tracer is told of a call before whoever looks at its headers. */
    static ServerStreamTracer.Factory addresses() {
        return new ServerStreamTracer.Factory() {
            @Override
            public ServerStreamTracer newServerStreamTracer(String method, Metadata headers) {
                return new AddressTracer();
            }
        };
    }

    private static final class AddressTracer extends ServerStreamTracer {
        private final AtomicReference<SocketAddress> address = new AtomicReference<>();

        @Override
        public Context filterContext(Context context) {
            return context.withValue(ADDRESS, address);
        }

        @Override
        public void serverCallStarted(ServerCallInfo<?, ?> call) {
            address.set(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR));
        }
    }

    @Override
    public AuthResult authenticate(CallHeaders headers) {
        try {
            String header = headers.get(HEADER);
            if (header != null && header.regionMatches(true, 0, BASIC, 0, BASIC.length())) {
                return basic(header.substring(BASIC.length()).strip());
            }
            return bearer(header != null && header.regionMatches(true, 0, BEARER, 0, BEARER.length()) ? header.substring(BEARER.length()).strip() : null);
        } catch (IOException e) {
            LOG.error("the token file cannot be read", e);
            throw CallStatus.UNAVAILABLE.withDescription("the server cannot read its token file; its log says why").toRuntimeException();
        }
    }

    private AuthResult bearer(@Nullable String token) throws IOException {
        String issued = token == null ? null : bearers.userOf(token);
        if (issued != null) {
            return new Caller(issued, null);
        }
        if (!tokens.areNeeded()) {
            return new Caller(LOCAL, null);
        }
        Tokens.User user = tokens.find(token);
        if (user == null) {
            throw refused(INVALID_AUTHORIZATION, token == null ? "this server wants a token (Authorization: Bearer …) or user and password"
                    : "the token is not known, or has expired");
        }
        return new Caller(user.name(), null);
    }

    private AuthResult basic(String encoded) throws IOException {
        String text;
        try {
            text = new String(Base64.getDecoder().decode(encoded), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw refused(INVALID_AUTHORIZATION, "header Authorization is no Basic with user and password");
        }
        int colon = text.indexOf(':');
        String name = colon < 0 ? text : text.substring(0, colon);
        if (!tokens.areNeeded()) {
            return new Caller(name.isEmpty() ? LOCAL : name, bearers.issue(name.isEmpty() ? LOCAL : name));
        }
        if (!encrypted && !isThisMachine(caller())) {
            throw refused(INVALID_AUTHORIZATION, "this server has no TLS, so a password is sent in the clear: use a token, or give the server a key store");
        }
        String address = address();
        long waitSeconds = limits.waitSeconds(address);
        if (waitSeconds > 0) {
            throw refused(INVALID_AUTHORIZATION, "too many failed logins from " + address + ": try again in " + waitSeconds + " s");
        }
        if (!isRight(name, colon < 0 ? "" : text.substring(colon + 1))) {
            limits.failed(address);
            ACCESS.info("flight user={} address={} login failed", name, address);
            throw refused(INVALID_PASSWORD, "password authentication failed for user \"" + name + "\"");
        }
        ACCESS.info("flight user={} address={}", name, address);
        return new Caller(name, bearers.issue(name));
    }

    /** Takes as long for a user whom nobody knows. */
    private boolean isRight(String name, String password) throws IOException {
        Tokens.User byToken = tokens.find(password);
        Tokens.Login login = tokens.login(name);
        boolean right = (login == null ? ScramVerifier.unknown(name, secret) : login.verifier()).matches(password);
        return right && login != null || byToken != null && byToken.name().equals(name);
    }

    @Nullable
    private static SocketAddress caller() {
        AtomicReference<SocketAddress> known = ADDRESS.get();
        return known == null ? null : known.get();
    }

    static boolean isThisMachine(@Nullable SocketAddress caller) {
        return caller instanceof InetSocketAddress address && address.getAddress().isLoopbackAddress();
    }

    private static String address() {
        return caller() instanceof InetSocketAddress address ? address.getAddress().getHostAddress() : "unknown";
    }

    private static RuntimeException refused(String state, String text) {
        return FlightErrors.with(CallStatus.UNAUTHENTICATED, state, text).toRuntimeException();
    }
}
