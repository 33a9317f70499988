package io.qaexchange.job.server.pg;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.server.PgRig;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Malformed messages, from a seed: each gets a clean error or none, and no connection or thread stays behind. */
@Timeout(3_600)
class PgFuzzTest {

    private static final long MESSAGES = Long.getLong("pg.fuzz.messages", 100_000);
    private static final long SEED = Long.getLong("pg.fuzz.seed", 20_261_129);
    private static final String TYPES = "QPBDECSHXFdcfp";
    private static final String[] SQL = {"SELECT 1", "SELECT $1", "SELECT $1::INTEGER + $2", "", ";", "BEGIN", "COMMIT", "ROLLBACK", "SHOW ALL", "SET a.b = 1", "SELECT '",
            "SELECT $$", "/*", "--", "SELECT \"", "FETCH 1 FROM c", "DECLARE c CURSOR FOR SELECT 1", "CLOSE ALL", "DISCARD ALL", "SELECT * FROM pg_class", "INSERT INTO trade",
            "SELECT 'x'::regclass", "SELECT $99999999999", "SELECT $0", "SELECT E'\\", "DEALLOCATE a", "SET", "SHOW", "RESET", "DECLARE", "FETCH", "::regclass", "SELECT ::",
            "SELECT x::regclass", "COLLATE", "OPERATOR(", "pg_catalog.", "SELECT current_setting('", "SELECT 1::numeric", "SELECT ($1)::regclass"};
    private static final String[] NAMES = {"", "a", "b", "c", "\u4e2d", "nosuch"};

    private final Random random = new Random(SEED);
    private final Map<String, Long> states = new TreeMap<>();

    @Test
    void malformedMessagesGetCleanErrors() throws Exception {
        try (PgRig rig = PgRig.start()) {
            talk(rig.port(), 1);
            int threads = Thread.activeCount();
            long sent = 0;
            while (sent < MESSAGES) {
                sent += random.nextInt(20) == 0 ? startUpOnly(rig.port()) : talk(rig.port(), 1 + random.nextInt(60));
            }
            System.out.println("pg fuzz: seed " + SEED + ", " + sent + " messages, errors by SQLSTATE " + states);
            assertThat(states).doesNotContainKey("XX000");
            long deadlineNs = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            while (rig.server().connections() > 0 && System.nanoTime() < deadlineNs) {
                TimeUnit.MILLISECONDS.sleep(10);
            }
            assertThat(rig.server().connections()).isZero();
            // Pooled threads wait for the next connection; there are not more than the few that ran at once.
            assertThat(Thread.activeCount()).isLessThanOrEqualTo(threads + 16);
            // And it still answers.
            try (var connection = java.sql.DriverManager.getConnection(rig.url("")); var rows = connection.createStatement().executeQuery("SELECT 42")) {
                rows.next();
                assertThat(rows.getInt(1)).isEqualTo(42);
            }
        }
    }

    /** A connection whose first message is malformed. */
    private int startUpOnly(int port) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            byte[] bytes = bytes(random.nextInt(64));
            if (random.nextBoolean() && bytes.length >= 8) {
                bytes[0] = 0;
                bytes[1] = 0;
                bytes[2] = 0;
                bytes[3] = (byte) bytes.length;
                int code = new int[] {196_608, 80_877_102, 80_877_103, 80_877_104, 131_072, 196_610}[random.nextInt(6)];
                for (int i = 0; i < 4; i++) {
                    bytes[4 + i] = (byte) (code >> (24 - 8 * i));
                }
            }
            send(socket, bytes);
            return 1;
        }
    }

    private int talk(int port, int messages) throws Exception {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(all);
        byte[] start = "user\0fuzz\0database\0qaexchange\0\0".getBytes(StandardCharsets.UTF_8);
        out.writeInt(start.length + 8);
        out.writeInt(196_608);
        out.write(start);
        for (int i = 0; i < messages; i++) {
            message(out);
        }
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            send(socket, all.toByteArray());
        }
        return messages;
    }

    /** Sends bytes and reads all that comes until the server closes: every answer is a whole message. */
    private void send(Socket socket, byte[] bytes) throws IOException {
        socket.setSoTimeout(60_000);
        DataInputStream in = new DataInputStream(new java.io.BufferedInputStream(socket.getInputStream()));
        try {
            socket.getOutputStream().write(bytes);
            socket.shutdownOutput();
            while (true) {
                int type = in.read();
                if (type < 0) {
                    return;
                }
                if (type == 'N' && in.available() == 0) {
                    continue;
                }
                int length = in.readInt();
                assertThat(length).as("length of message " + (char) type).isBetween(4, 1 << 24);
                byte[] body = in.readNBytes(length - 4);
                assertThat(body).as("body of message " + (char) type).hasSize(length - 4);
                assertThat("RSKZ12TtnDCEIN3sv").as("type of a message").contains(Character.toString((char) type));
                if (type == 'E') {
                    String error = new String(body, StandardCharsets.UTF_8);
                    String state = error.substring(error.indexOf("\0C") + 2, error.indexOf("\0C") + 7);
                    states.merge(state, 1L, Long::sum);
                    assertThat(state).as(error).isNotEqualTo("XX000");
                }
            }
        } catch (SocketException | EOFException e) {
            // The server closed while we were sending: what it said before may be lost.
            states.merge("closed", 1L, Long::sum);
        }
    }

    private void message(DataOutputStream out) throws IOException {
        int kind = random.nextInt(100);
        if (kind < 80) {
            byte[] body = wellFormed(out);
            if (kind < 25 && body.length > 0) {
                // One byte is another, or the end is missing.
                if (random.nextBoolean()) {
                    body[random.nextInt(body.length)] = (byte) random.nextInt();
                } else {
                    body = java.util.Arrays.copyOf(body, random.nextInt(body.length));
                }
            }
            out.writeInt(body.length + 4);
            out.write(body);
        } else if (kind < 97) {
            byte[] body = bytes(random.nextInt(40));
            out.writeByte(TYPES.charAt(random.nextInt(TYPES.length())));
            out.writeInt(body.length + 4);
            out.write(body);
        } else if (kind < 98) {
            out.writeByte(random.nextInt(256));
            out.writeInt(random.nextInt());
        } else {
            out.write(bytes(random.nextInt(20)));
        }
    }

    /** Writes the letter of a message, and gives its body. */
    private byte[] wellFormed(DataOutputStream out) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        DataOutputStream to = new DataOutputStream(body);
        char type = "QPBDECSPBDESSH".charAt(random.nextInt(14));
        out.writeByte(type);
        switch (type) {
            case 'Q' -> text(to, SQL[random.nextInt(SQL.length)]);
            case 'P' -> {
                text(to, NAMES[random.nextInt(NAMES.length)]);
                text(to, SQL[random.nextInt(SQL.length)]);
                int parameters = random.nextInt(3);
                to.writeShort(parameters);
                for (int i = 0; i < parameters; i++) {
                    to.writeInt(new int[] {0, 20, 25, 701, 1007, 1184, 1700, 99_999, 2950, 1186, 17, 16}[random.nextInt(12)]);
                }
            }
            case 'B' -> {
                text(to, NAMES[random.nextInt(NAMES.length)]);
                text(to, NAMES[random.nextInt(NAMES.length)]);
                to.writeShort(1);
                to.writeShort(random.nextInt(2));
                int parameters = random.nextInt(3);
                to.writeShort(parameters);
                for (int i = 0; i < parameters; i++) {
                    byte[] value = bytes(new int[] {0, 1, 2, 4, 8, 16, 24}[random.nextInt(7)]);
                    to.writeInt(random.nextInt(10) == 0 ? -1 : value.length);
                    to.write(value);
                }
                to.writeShort(random.nextInt(2));
            }
            case 'D', 'C' -> {
                to.writeByte(random.nextBoolean() ? 'S' : 'P');
                text(to, NAMES[random.nextInt(NAMES.length)]);
            }
            case 'E' -> {
                text(to, NAMES[random.nextInt(NAMES.length)]);
                to.writeInt(random.nextInt(4) - 1);
            }
            default -> {
                // Sync and Flush have no body.
            }
        }
        return body.toByteArray();
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.writeByte(0);
    }

    private byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        random.nextBytes(bytes);
        return bytes;
    }
}
