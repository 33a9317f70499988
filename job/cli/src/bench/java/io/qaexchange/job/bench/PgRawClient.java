package io.qaexchange.job.bench;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Takes rows off the PostgreSQL wire without making anything of them, so that a measurement is the server's and not a driver's. One thread. */
final class PgRawClient implements AutoCloseable {

    private static final int VERSION = 196_608;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;

    PgRawClient(int port) throws IOException {
        socket = new Socket("127.0.0.1", port);
        socket.setTcpNoDelay(true);
        in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), 1 << 20));
        out = new DataOutputStream(socket.getOutputStream());
        byte[] parameters = "user\0bench\0database\0qaexchange\0client_min_messages\0warning\0\0".getBytes(StandardCharsets.UTF_8);
        out.writeInt(parameters.length + 8);
        out.writeInt(VERSION);
        out.write(parameters);
        out.flush();
        untilReady();
    }

    /** Runs a statement. @return how many rows came */
    long rows(String sql, boolean binary) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        DataOutputStream messages = new DataOutputStream(all);
        byte[] text = sql.getBytes(StandardCharsets.UTF_8);
        messages.writeByte('P');
        messages.writeInt(4 + 1 + text.length + 1 + 2);
        messages.writeByte(0);
        messages.write(text);
        messages.writeByte(0);
        messages.writeShort(0);
        messages.writeByte('B');
        messages.writeInt(4 + 1 + 1 + 2 + 2 + 2 + 2);
        messages.writeByte(0);
        messages.writeByte(0);
        messages.writeShort(0);
        messages.writeShort(0);
        messages.writeShort(1);
        messages.writeShort(binary ? 1 : 0);
        messages.writeByte('E');
        messages.writeInt(4 + 1 + 4);
        messages.writeByte(0);
        messages.writeInt(0);
        messages.writeByte('S');
        messages.writeInt(4);
        out.write(all.toByteArray());
        out.flush();
        return untilReady();
    }

    private long untilReady() throws IOException {
        long rows = 0;
        while (true) {
            int type = in.readByte();
            int length = in.readInt() - 4;
            if (type == 'D') {
                rows++;
                in.skipNBytes(length);
                continue;
            }
            byte[] body = in.readNBytes(length);
            if (type == 'E') {
                throw new IOException("the server says " + new String(body, StandardCharsets.UTF_8).replace('\0', ' '));
            }
            if (type == 'Z') {
                return rows;
            }
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
