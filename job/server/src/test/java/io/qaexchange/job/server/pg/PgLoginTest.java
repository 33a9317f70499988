package io.qaexchange.job.server.pg;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.server.PgRig;
import io.qaexchange.job.server.security.LoginLimits;
import io.qaexchange.job.server.security.ScramVerifier;
import io.qaexchange.job.server.security.ServerCertificate;
import io.qaexchange.job.server.security.Tokens;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import javax.net.ssl.SSLContext;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Who may connect: passwords by SCRAM-SHA-256, TLS, limits. */
@Timeout(180)
class PgLoginTest {

    /** How long a client takes nothing before it is disconnected. */
    private static final Duration STALLED = Duration.ofSeconds(Long.getLong("doors.stalled.seconds", 3));

    @TempDir
    private Path folder;

    private Tokens tokens() throws IOException {
        Path file = folder.resolve("tokens.yaml");
        Files.writeString(file, "tokens:\n  - user: alice\n    role: reader\n    scram: " + ScramVerifier.ofPassword("s\u00e9cret \u2122") + "\n"
                + "  - user: late\n    role: reader\n    scram: " + ScramVerifier.ofPassword("x") + "\n    expires: 2020-01-01T00:00:00Z\n"
                + "  - user: web\n    role: reader\n    sha256: " + "ab".repeat(32) + "\n");
        return Tokens.of(file, Clock.systemUTC());
    }

    private static String state(String url) {
        SQLException refused = Assertions.catchThrowableOfType(SQLException.class, () -> DriverManager.getConnection(url).close());
        return refused == null ? "none" : refused.getSQLState();
    }

    @Test
    void aPasswordIsProvenByScram() throws Exception {
        try (PgRig rig = PgRig.start(tokens(), null, 10, Duration.ofMinutes(1))) {
            try (Connection connection = DriverManager.getConnection(rig.url("&password=" + java.net.URLEncoder.encode("s\u00e9cret \u2122", java.nio.charset.StandardCharsets.UTF_8)));
                    ResultSet rows = connection.createStatement().executeQuery("SELECT current_user")) {
                rows.next();
                assertThat(rows.getString(1)).isEqualTo("alice");
            }
            assertThat(state(rig.url("&password=wrong"))).isEqualTo("28P01");
            assertThat(state(rig.url("&password=x").replace("user=alice", "user=late"))).isEqualTo("28P01");
            assertThat(state(rig.url("&password=x").replace("user=alice", "user=web"))).isEqualTo("28P01");
            assertThat(state(rig.url("&password=x").replace("user=alice", "user=nobody"))).isEqualTo("28P01");
        }
    }

    @Test
    void whoFailsOftenHasToWait() throws Exception {
        try (PgRig rig = PgRig.start(tokens(), null, 10, Duration.ofMinutes(1))) {
            for (int i = 0; i < LoginLimits.FAILURES; i++) {
                assertThat(state(rig.url("&password=wrong"))).isEqualTo("28P01");
            }
            SQLException refused = Assertions.catchThrowableOfType(SQLException.class, () -> DriverManager.getConnection(rig.url("&password=wrong")).close());
            assertThat(refused.getSQLState()).isEqualTo("28000");
            assertThat(refused.getMessage()).contains("try again in");
        }
    }

    @Test
    void limitsForgetAfterAMinute() {
        List<Instant> now = new ArrayList<>(List.of(Instant.EPOCH));
        LoginLimits limits = new LoginLimits(new Clock() {
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
                return now.get(0);
            }
        });
        for (int i = 0; i < LoginLimits.FAILURES; i++) {
            assertThat(limits.waitSeconds("a")).isZero();
            limits.failed("a");
        }
        assertThat(limits.waitSeconds("a")).isEqualTo(60);
        assertThat(limits.waitSeconds("b")).isZero();
        now.set(0, Instant.EPOCH.plusSeconds(61));
        assertThat(limits.waitSeconds("a")).isZero();
        for (int i = 0; i < 30_000; i++) {
            limits.failed("address " + i);
        }
        assertThat(limits.waitSeconds("address 0")).isZero();
    }

    @Test
    void aVerifierIsWhatPostgreSqlWrites() {
        // RFC 7677, section 3.
        ScramVerifier verifier = ScramVerifier.parse("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
        String message = "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
                + "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
        assertThat(verifier.accepts(java.util.Base64.getDecoder().decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="), message)).isTrue();
        assertThat(verifier.serverSignatureBase64(message)).isEqualTo("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
        assertThat(verifier.accepts(new byte[32], message)).isFalse();
        assertThat(verifier.accepts(new byte[0], message)).isFalse();
        assertThat(verifier).hasToString("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
        for (String wrong : List.of("", "md5abc", "SCRAM-SHA-256$0:AA==$AA==:AA==", "SCRAM-SHA-256$4096:AA==$AA==:AA==")) {
            Assertions.assertThatThrownBy(() -> ScramVerifier.parse(wrong)).isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void tlsIsThereIfTheServerHasACertificate() throws Exception {
        Path store = folder.resolve("server.p12");
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-alias", "server", "-keyalg", "EC",
                "-dname", "CN=localhost", "-storetype", "PKCS12", "-keystore", store.toString(), "-storepass", "changeit", "-validity", "30").redirectErrorStream(true).start();
        keytool.getInputStream().readAllBytes();
        assertThat(keytool.waitFor()).isZero();
        SSLContext tls = ServerCertificate.load(store, "changeit".toCharArray());
        try (PgRig rig = PgRig.start(Tokens.none(), tls, 10, Duration.ofMinutes(1));
                Connection connection = DriverManager.getConnection(rig.url("&sslmode=require"));
                ResultSet rows = connection.createStatement().executeQuery("SELECT count(*), max(i) FROM range(100000) t(i)")) {
            rows.next();
            assertThat(rows.getLong(1)).isEqualTo(100_000);
            try (ResultSet many = connection.createStatement().executeQuery("SELECT i FROM range(200000) t(i)")) {
                long sum = 0;
                while (many.next()) {
                    sum += many.getLong(1);
                }
                assertThat(sum).isEqualTo(199_999L * 100_000);
            }
        }
        Assertions.assertThatThrownBy(() -> ServerCertificate.load(store, "wrong".toCharArray())).isInstanceOf(IOException.class);
        try (PgRig rig = PgRig.start()) {
            assertThat(state(rig.url("&sslmode=require"))).isEqualTo("08004");
            assertThat(state(rig.url("&sslmode=prefer"))).isEqualTo("none");
        }
    }

    @Test
    void connectionsBeyondTheMostAreToldSo() throws Exception {
        try (PgRig rig = PgRig.start(Tokens.none(), null, 2, Duration.ofMinutes(1)); Connection first = DriverManager.getConnection(rig.url(""));
                Connection second = DriverManager.getConnection(rig.url(""))) {
            assertThat(state(rig.url(""))).isEqualTo("53300");
            assertThat(first.isValid(2)).isTrue();
            assertThat(second.isValid(2)).isTrue();
        }
    }

    @Test
    void aClientThatStopsReadingHoldsUpNobodyAndEnds() throws Exception {
        try (PgRig rig = PgRig.start(Tokens.none(), null, 10, STALLED); Connection other = DriverManager.getConnection(rig.url(""));
                java.net.Socket slow = new java.net.Socket("127.0.0.1", rig.port())) {
            slow.setReceiveBufferSize(1 << 16);
            byte[] start = "\0\0\0\0\0\3\0\0user\0slow\0database\0qaexchange\0\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            start[3] = (byte) start.length;
            byte[] query = "Q\0\0\0\0SELECT i, repeat('x', 1000) FROM range(100000000) t(i)\0".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
            query[4] = (byte) (query.length - 1);
            slow.getOutputStream().write(start);
            slow.getOutputStream().write(query);
            assertThat(slow.getInputStream().read()).as("the answer to the login").isEqualTo('R');
            assertThat(rig.server().connections()).isEqualTo(2);
            long began = System.nanoTime();
            while (rig.server().connections() == 2) {
                // Others are answered all the while.
                try (ResultSet rows = other.createStatement().executeQuery("SELECT 1")) {
                    assertThat(rows.next()).isTrue();
                }
            }
            assertThat(rig.server().connections()).isEqualTo(1);
            assertThat(Duration.ofNanos(System.nanoTime() - began)).as("it ends when it has taken nothing for long, and not before").isGreaterThan(STALLED.dividedBy(2));
        }
    }
}
