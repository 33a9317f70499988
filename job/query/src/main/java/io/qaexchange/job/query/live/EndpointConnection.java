package io.qaexchange.job.query.live;

import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.model.live.LiveException;
import io.qaexchange.job.model.live.LivePin;
import io.qaexchange.job.model.live.LiveProtocol;
import io.qaexchange.job.model.live.LiveRequest;
import io.qaexchange.parquet.bar.FileBars;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayInputStream;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import javax.net.SocketFactory;

/**
 * A connection to a read endpoint, see {@link LiveProtocol}. After an exception that is no {@link LiveException} it cannot be used any more.
 *
 * <p>One thread at a time.
 */
final class EndpointConnection implements Closeable {

    private static final int CONNECT_MS = 3_000;
    /** A scan may wait for its turn, and a block of rows may be long in coming. */
    private static final int ANSWER_MS = 30_000;
    private static final int BUFFER_BYTES = 64 << 10;

    private final Socket socket;
    private final DataInputStream in;
    private final DataOutputStream out;
    private boolean broken;
    /** Answers to releases that are not read yet, each of one frame. */
    private int unread;
    private byte[] frame = new byte[0];

    /** Takes a row; the bytes are good during the call. */
    @FunctionalInterface
    interface Rows {
        /** @return false if no more rows are wanted */
        boolean accept(byte[] bytes, int offset, int length) throws IOException;
    }

    private EndpointConnection(Socket socket) throws IOException {
        this.socket = socket;
        this.in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES));
        this.out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), BUFFER_BYTES));
    }

    /**
     * Connects.
     *
     * @throws LiveException if the endpoint refuses
     */
    static EndpointConnection open(EndpointAnnouncement endpoint, SocketFactory sockets) throws IOException {
        Socket socket = sockets.createSocket();
        boolean opened = false;
        try {
            socket.connect(new InetSocketAddress(endpoint.host(), endpoint.port()), CONNECT_MS);
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(ANSWER_MS);
            EndpointConnection connection = new EndpointConnection(socket);
            connection.out.writeInt(LiveProtocol.MAGIC);
            connection.out.writeByte(LiveProtocol.VERSION);
            connection.out.writeUTF(endpoint.secret());
            connection.out.flush();
            if (connection.in.readUnsignedByte() != 0) {
                throw new LiveException(LiveProtocol.GONE, "the endpoint at " + endpoint.host() + ":" + endpoint.port() + " refuses: "
                        + connection.in.readUTF());
            }
            opened = true;
            return connection;
        } finally {
            if (!opened) {
                socket.close();
            }
        }
    }

    boolean isBroken() {
        return broken;
    }

    List<LivePin> pin(LiveRequest.Pin request) throws IOException {
        List<LivePin> pins = new ArrayList<>();
        exchange(request, (kind, length) -> {
            pins.add(LivePin.read(new DataInputStream(new ByteArrayInputStream(frame, 0, length))));
            return true;
        });
        return pins;
    }

    /** Reads rows; if the visitor wants no more, the connection ends. */
    void scan(LiveRequest.Scan request, Rows rows) throws IOException {
        exchange(request, (kind, length) -> {
            int at = 0;
            while (at < length) {
                int rowLength = (frame[at] & 0xff) << 24 | (frame[at + 1] & 0xff) << 16 | (frame[at + 2] & 0xff) << 8 | frame[at + 3] & 0xff;
                at += Integer.BYTES;
                if (rowLength < 0 || rowLength > length - at) {
                    throw new IOException("a row of " + rowLength + " bytes in a frame of " + length);
                }
                if (!rows.accept(frame, at, rowLength)) {
                    return false;
                }
                at += rowLength;
            }
            return true;
        });
    }

    /** Reads bars of hot rows; those of several trading days, or of the same, one after the other. */
    void bars(LiveRequest.Bars request, Consumer<FileBars> bars) throws IOException {
        exchange(request, (kind, length) -> {
            bars.accept(FileBars.read(Arrays.copyOf(frame, length)));
            return true;
        });
    }

    /** Releases pins. The endpoint's word that it has done so is read before the next answer: nobody waits for it. */
    void release(List<Long> pinIds) throws IOException {
        boolean complete = false;
        try {
            for (long pinId : pinIds) {
                new LiveRequest.Release(pinId).write(out);
            }
            out.flush();
            unread += pinIds.size();
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    String statistics(int subtask) throws IOException {
        StringBuilder text = new StringBuilder();
        exchange(new LiveRequest.Statistics(subtask), (kind, length) -> {
            text.append(new String(frame, 0, length, java.nio.charset.StandardCharsets.UTF_8));
            return true;
        });
        return text.toString();
    }

    void compact(LiveRequest.Compact request) throws IOException {
        exchange(request, (kind, length) -> true);
    }

    List<InstrumentStatistics> ofInstruments(int subtask) throws IOException {
        List<InstrumentStatistics> all = new ArrayList<>();
        exchange(new LiveRequest.OfInstruments(subtask), (kind, length) -> {
            DataInputStream body = new DataInputStream(new ByteArrayInputStream(frame, 0, length));
            for (int i = body.readInt(); i > 0; i--) {
                all.add(InstrumentStatistics.read(body));
            }
            return true;
        });
        return all;
    }

    private interface Frames {
        boolean accept(int kind, int length) throws IOException;
    }

    private void exchange(LiveRequest request, Frames frames) throws IOException {
        boolean complete = false;
        try {
            request.write(out);
            out.flush();
            for (; unread > 0; unread--) {
                // A pin that was not there any more needs no release.
                in.readUnsignedByte();
                readFrame();
            }
            while (true) {
                int kind = in.readUnsignedByte();
                int length = readFrame();
                if (kind == LiveProtocol.END) {
                    complete = true;
                    return;
                }
                if (kind == LiveProtocol.ERROR) {
                    DataInputStream body = new DataInputStream(new ByteArrayInputStream(frame, 0, length));
                    LiveException refused = new LiveException(body.readUTF(), body.readUTF());
                    complete = true;
                    throw refused;
                }
                if (!frames.accept(kind, length)) {
                    return;
                }
            }
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /** Reads length and body of a frame. @return its length */
    private int readFrame() throws IOException {
        int length = in.readInt();
        if (length < 0 || length > LiveProtocol.MAX_FRAME_BYTES) {
            throw new IOException("a frame of " + length + " bytes");
        }
        if (frame.length < length) {
            frame = new byte[Math.max(length, LiveProtocol.BLOCK_BYTES)];
        }
        in.readFully(frame, 0, length);
        return length;
    }

    @Override
    public void close() throws IOException {
        broken = true;
        socket.close();
    }
}
