package io.qaexchange.job.cli.cluster;

import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.Map;

/** Ports of this machine. Stateless. */
final class Ports {

    private static final int ANSWER_MS = 500;

    private Ports() {
    }

    /**
     * Looks whether anybody listens on ports of the loopback interface.
     *
     * @param ports by the option that chooses it
     * @throws UsageException if so
     */
    static void checkFree(Map<String, Integer> ports) {
        ports.forEach((option, port) -> {
            if (isOpen(port)) {
                throw new UsageException("port " + port + " is in use by another program, or by the cluster of another folder. Choose one with " + option);
            }
        });
    }

    /** Whether anybody listens on a port of the loopback interface. */
    static boolean isOpen(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), ANSWER_MS);
            return true;
        } catch (IOException e) {
            // Nobody does: that is the answer.
            return false;
        }
    }
}
