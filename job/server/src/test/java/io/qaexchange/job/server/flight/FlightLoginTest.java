package io.qaexchange.job.server.flight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.qaexchange.job.server.FlightRig;
import io.qaexchange.job.server.security.LoginLimits;
import io.qaexchange.job.server.security.ScramVerifier;
import io.qaexchange.job.server.security.ServerCertificate;
import io.qaexchange.job.server.security.Tokens;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLContext;
import org.apache.arrow.flight.CallOption;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.FlightStatusCode;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.auth2.BearerCredentialWriter;
import org.apache.arrow.flight.grpc.CredentialCallOption;
import org.apache.arrow.flight.sql.FlightSqlClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who gets in at the Flight SQL door: tokens, passwords, TLS. */
@Timeout(120)
class FlightLoginTest {

    private static final String TOKEN = "a long and random token";
    private static final String PASSWORD = "correct horse";

    @TempDir
    private Path folder;

    private Path tokens(String password) throws Exception {
        String hash = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(TOKEN.getBytes(StandardCharsets.UTF_8)));
        return Files.writeString(folder.resolve("tokens.yaml"), "tokens:\n  - user: alice\n    role: reader\n    scram: " + ScramVerifier.ofPassword(password)
                + "\n  - user: robot\n    role: reader\n    sha256: " + hash + "\n  - user: late\n    role: reader\n    sha256: " + hash.replace('a', 'b') + "\n    expires: 2020-01-01T00:00:00Z\n");
    }

    private static CallOption bearer(String token) {
        return new CredentialCallOption(new BearerCredentialWriter(token));
    }

    private static FlightRuntimeException failure(Callable<?> call) {
        return catchThrowableOfType(FlightRuntimeException.class, call::call);
    }

    private static List<List<String>> one(FlightSqlClient client, CallOption... options) throws Exception {
        return FlightClientTest.rows(client, client.execute("SELECT 1", options), options);
    }

    @Test
    void tokensAndPasswordsLetIn() throws Exception {
        try (FlightRig rig = FlightRig.start(Tokens.of(tokens(PASSWORD), Clock.systemUTC()), null, Duration.ofMinutes(1)); FlightClient flight = rig.flight();
                FlightSqlClient client = new FlightSqlClient(flight)) {
            assertThat(one(client, bearer(TOKEN))).hasSize(1);
            CredentialCallOption issued = flight.authenticateBasicToken("alice", PASSWORD).orElseThrow();
            assertThat(one(client, issued)).hasSize(1);
            // A token is taken for a password too, as drivers ask for user and password only.
            assertThat(one(client, flight.authenticateBasicToken("robot", TOKEN).orElseThrow())).hasSize(1);
            for (CallOption wrong : List.of(bearer("wrong"), bearer(""), bearer("qax1.AAAA"), bearer("qax1.!"))) {
                assertThat(failure(() -> one(client, wrong)).status().code()).isEqualTo(FlightStatusCode.UNAUTHENTICATED);
            }
            assertThat(failure(() -> one(client))).hasMessageContaining("wants a token");
            // A ticket is no key.
            var info = client.execute("SELECT 1", bearer(TOKEN));
            assertThat(failure(() -> FlightClientTest.rows(client, info)).status().code()).isEqualTo(FlightStatusCode.UNAUTHENTICATED);
        }
    }

    @Test
    void unknownUsersAndWrongPasswordsGetTheSameAnswerAndHaveToWait() throws Exception {
        try (FlightRig rig = FlightRig.start(Tokens.of(tokens(PASSWORD), Clock.systemUTC()), null, Duration.ofMinutes(1)); FlightClient flight = rig.flight()) {
            for (int i = 0; i < LoginLimits.FAILURES; i++) {
                String user = List.of("alice", "nobody", "robot", "late").get(i % 4);
                FlightRuntimeException refused = failure(() -> flight.authenticateBasicToken(user, "wrong"));
                assertThat(refused.status().code()).isEqualTo(FlightStatusCode.UNAUTHENTICATED);
                assertThat(refused).hasMessageContaining("password authentication failed for user \"" + user + "\"");
            }
            assertThat(failure(() -> flight.authenticateBasicToken("alice", PASSWORD))).hasMessageContaining("too many failed logins from 127.0.0.1").hasMessageContaining("try again in");
        }
    }

    @Test
    void anIssuedTokenEndsWithTimeAndWithTheUsersEntry() throws Exception {
        AtomicReference<Instant> now = new AtomicReference<>(Instant.parse("2026-01-05T00:00:00Z"));
        Clock clock = new Clock() {
            @Override
            public java.time.ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(java.time.ZoneId zone) {
                return this;
            }

            @Override
            public Instant instant() {
                return now.get();
            }
        };
        Path file = tokens(PASSWORD);
        BearerTokens bearers = new BearerTokens(Tokens.of(file, clock), clock);
        String token = bearers.issue("alice");
        assertThat(bearers.userOf(token)).isEqualTo("alice");
        assertThat(bearers.userOf(token.substring(0, token.length() - 1) + (token.endsWith("A") ? "B" : "A"))).isNull();
        assertThat(new BearerTokens(Tokens.none(), clock).userOf(token)).isNull();
        now.set(now.get().plusSeconds(12 * 3_600 + 1));
        assertThat(bearers.userOf(token)).isNull();
        String later = bearers.issue("alice");
        tokens("another password");
        Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2026-01-06T00:00:00Z")));
        now.set(now.get().plusSeconds(5));
        assertThat(bearers.userOf(later)).isNull();
    }

    @Test
    void aPasswordWithoutTlsIsTakenFromThisMachineOnly() {
        assertThat(Callers.isThisMachine(new java.net.InetSocketAddress("127.0.0.1", 1))).isTrue();
        assertThat(Callers.isThisMachine(new java.net.InetSocketAddress("::1", 1))).isTrue();
        assertThat(Callers.isThisMachine(new java.net.InetSocketAddress("192.0.2.1", 1))).isFalse();
        assertThat(Callers.isThisMachine(null)).isFalse();
    }

    @Test
    void tlsIsThereIfTheServerHasACertificate() throws Exception {
        Path store = folder.resolve("server.p12");
        Path certificate = folder.resolve("server.pem");
        String keytool = Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        run(keytool, "-genkeypair", "-alias", "server", "-keyalg", "EC", "-dname", "CN=localhost", "-ext", "SAN=dns:localhost,ip:127.0.0.1", "-storetype", "PKCS12", "-keystore",
                store.toString(), "-storepass", "changeit", "-validity", "30");
        run(keytool, "-exportcert", "-rfc", "-alias", "server", "-keystore", store.toString(), "-storepass", "changeit", "-file", certificate.toString());
        SSLContext tls = ServerCertificate.load(store, "changeit".toCharArray());
        try (FlightRig rig = FlightRig.start(Tokens.none(), tls, Duration.ofMinutes(1)); InputStream trusted = Files.newInputStream(certificate);
                FlightSqlClient client = new FlightSqlClient(FlightClient.builder(rig.allocator(), Location.forGrpcTls("localhost", rig.port())).trustedCertificates(trusted).build())) {
            assertThat(one(client)).hasSize(1);
            try (FlightSqlClient plain = rig.client()) {
                assertThat(failure(() -> one(plain)).status().code()).isEqualTo(FlightStatusCode.UNAVAILABLE);
            }
        }
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
    }
}
