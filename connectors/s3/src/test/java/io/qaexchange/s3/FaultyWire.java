package io.qaexchange.s3;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/** A wire in front of a server that refuses, breaks answers off, loses them, or lists objects as they were. Each connection is a thread of its own. */
final class FaultyWire implements AutoCloseable {

    private static final String SLOW_DOWN = "HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

    private final ServerSocket socket;
    private final int target;
    private final AtomicInteger refuse = new AtomicInteger();
    private final AtomicInteger lose = new AtomicInteger();
    private volatile int breakBehind = -1;
    private volatile long delayNs;
    private volatile boolean listsLate;
    /** The first answer to each request for a list, by its first line. */
    private final Map<String, byte[]> firstLists = new ConcurrentHashMap<>();
    private final AtomicInteger lateLists = new AtomicInteger();
    /** Connections that are open: a client keeps them, and they would not notice. */
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private final Set<Socket> doomed = ConcurrentHashMap.newKeySet();

    FaultyWire(int target) throws IOException {
        this.target = target;
        this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        start(this::accept);
    }

    /** Connections that are refused with HTTP status 503 from here on. */
    void refuse(int connections) throws IOException {
        refuse.set(connections);
        cut();
    }

    /** Connections whose answer is lost from here on: the server did what was asked, and the client is not told. */
    void lose(int connections) throws IOException {
        lose.set(connections);
        cut();
    }

    /** Bytes behind which each connection breaks from here on; negative for none. */
    void breakBehind(int bytes) throws IOException {
        breakBehind = bytes;
        cut();
    }

    /** How long each part of an answer is held back from here on. */
    void slow(Duration delay) {
        delayNs = delay.toNanos();
    }

    /** Each connection that is open is reset at the next byte that its client sends: the client cannot know before. */
    void resetAtNextByte() {
        doomed.addAll(open);
    }

    /** Whether a list that was asked for before shows from here on what it showed the first time. */
    void listLate(boolean late) {
        listsLate = late;
    }

    /** How many lists were late. */
    int lateLists() {
        return lateLists.get();
    }

    private void cut() throws IOException {
        for (Socket socket : open) {
            socket.close();
        }
    }

    String address() {
        return "http://127.0.0.1:" + socket.getLocalPort();
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void start(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (SocketException e) {
                // One side closed: the end of a connection.
                Thread.currentThread().interrupt();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }, "wire");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() throws IOException {
        while (!socket.isClosed()) {
            Socket client = socket.accept();
            open.add(client);
            start(() -> serve(client));
        }
    }

    private void serve(Socket client) throws IOException {
        if (refuse.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
            try (client) {
                client.getInputStream().read(new byte[1 << 16]);
                client.getOutputStream().write(SLOW_DOWN.getBytes(StandardCharsets.US_ASCII));
            }
            return;
        }
        Socket server = new Socket(InetAddress.getLoopbackAddress(), target);
        AtomicReference<String> asked = new AtomicReference<>();
        start(() -> copyRequests(client, server, asked));
        boolean lost = lose.getAndUpdate(left -> Math.max(0, left - 1)) > 0;
        try (client; server) {
            if (lost) {
                server.getInputStream().read(new byte[1 << 16]);
                return;
            }
            copy(server.getInputStream(), client.getOutputStream(), breakBehind, asked);
        }
    }

    /** @param asked the first line of the list that is asked for; its answer is the last on the connection */
    private void copyRequests(Socket client, Socket server, AtomicReference<String> asked) throws IOException {
        byte[] buffer = new byte[1 << 14];
        for (int n = client.getInputStream().read(buffer); n >= 0; n = client.getInputStream().read(buffer)) {
            if (doomed.contains(client)) {
                client.setSoLinger(true, 0);
                client.close();
                return;
            }
            byte[] request = Arrays.copyOf(buffer, n);
            String head = new String(request, StandardCharsets.ISO_8859_1);
            String line = head.substring(0, Math.max(0, head.indexOf("\r\n")));
            if (line.startsWith("GET ") && line.contains("list-type=2")) {
                byte[] first = firstLists.get(line);
                if (listsLate && first != null) {
                    lateLists.incrementAndGet();
                    client.getOutputStream().write(first);
                    client.close();
                    return;
                }
                asked.set(line);
                request = head.replaceFirst("\r\n", "\r\nConnection: close\r\n").getBytes(StandardCharsets.ISO_8859_1);
            }
            server.getOutputStream().write(request);
            server.getOutputStream().flush();
        }
    }

    private void copy(InputStream in, OutputStream out, int most, AtomicReference<String> asked) throws IOException {
        ByteArrayOutputStream list = new ByteArrayOutputStream();
        byte[] buffer = new byte[1 << 14];
        int left = most;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            LockSupport.parkNanos(delayNs);
            int taken = most < 0 ? n : Math.min(n, left);
            out.write(buffer, 0, taken);
            out.flush();
            if (asked.get() != null) {
                list.write(buffer, 0, taken);
            }
            left -= taken;
            if (most >= 0 && left == 0) {
                return;
            }
        }
        if (asked.get() != null) {
            firstLists.putIfAbsent(asked.get(), list.toByteArray());
        }
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
