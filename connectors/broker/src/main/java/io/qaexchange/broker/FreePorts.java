package io.qaexchange.broker;

import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Finds free ports on loopback, below those that the system gives to outgoing connections: such a connection may have a port by the time that a server wants
 * it, or while the server is being started again. Stateless.
 */
public final class FreePorts {

    private static final int LOWEST = 20_000;
    private static final int PORTS = 10_000;

    private FreePorts() {
    }

    /** Different ports that nobody has at the moment. */
    public static List<Integer> find(int count) throws IOException {
        Set<Integer> ports = new LinkedHashSet<>();
        while (ports.size() < count) {
            int port = LOWEST + ThreadLocalRandom.current().nextInt(PORTS);
            try (ServerSocket free = new ServerSocket(port, 1, InetAddress.getByName("127.0.0.1"))) {
                ports.add(free.getLocalPort());
            } catch (BindException e) {
                // Somebody has it.
                continue;
            }
        }
        return List.copyOf(ports);
    }
}
