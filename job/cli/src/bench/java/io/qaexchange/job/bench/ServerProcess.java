package io.qaexchange.job.bench;

import io.qaexchange.job.cli.demo.LiveDemo;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.flink.util.FileUtils;

/**
 * A live demo in a process of its own: broker, job, market and query server, whose processor time is not that of the clients.
 *
 * <p>One thread.
 */
final class ServerProcess implements AutoCloseable {

    private static final String LISTENS = "listens ";
    private static final long IDLE_S = 5;

    private final Process process;
    private final Path folder;
    private final int httpPort;
    private final int pgPort;
    private final int flightPort;
    private final String brokers;

    private ServerProcess(Process process, Path folder, int httpPort, int pgPort, int flightPort, String brokers) {
        this.process = process;
        this.folder = folder;
        this.httpPort = httpPort;
        this.pgPort = pgPort;
        this.flightPort = flightPort;
        this.brokers = brokers;
    }

    /**
     * Starts the process and waits until its server listens.
     *
     * @param rate messages per second of the market
     */
    static ServerProcess start(double rate) throws IOException {
        Path folder = Files.createTempDirectory("doors-bench");
        int pgPort = freePort();
        int flightPort = freePort();
        List<String> line = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString()));
        line.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        line.addAll(List.of("-cp", System.getProperty("java.class.path"), ServerProcess.class.getName(), folder.toString(), Double.toString(rate),
                Integer.toString(pgPort), Integer.toString(flightPort)));
        Process process = new ProcessBuilder(line).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
        for (String said = out.readLine(); said != null; said = out.readLine()) {
            if (said.startsWith(LISTENS)) {
                String[] at = said.substring(LISTENS.length()).split(" ");
                return new ServerProcess(process, folder, Integer.parseInt(at[0]), pgPort, flightPort, at[1]);
            }
        }
        process.destroyForcibly();
        throw new IOException("the live demo ended before its server listened");
    }

    /** The process. {@code ServerProcess FOLDER RATE PG_PORT FLIGHT_PORT} */
    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        Thread watching = new Thread(ServerProcess::endWithTheParent, "ends with the parent");
        watching.setDaemon(true);
        watching.start();
        try (PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8)) {
            new LiveDemo(new LiveDemo.Settings(Path.of(args[0]), 1, Double.parseDouble(args[1]), 0, Integer.parseInt(args[2]), Integer.parseInt(args[3])), nowhere)
                    .run(running -> {
                        out.println(LISTENS + running.port() + " " + running.brokers());
                        out.flush();
                    });
        }
    }

    /** The parent writes nothing; its end closes the pipe. */
    private static void endWithTheParent() {
        try {
            while (System.in.read() >= 0) {
                Thread.onSpinWait();
            }
        } catch (IOException e) {
            System.err.println("the parent has gone: " + e.getMessage());
        }
        Runtime.getRuntime().halt(1);
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    int httpPort() {
        return httpPort;
    }

    int pgPort() {
        return pgPort;
    }

    int flightPort() {
        return flightPort;
    }

    /** Address of Kafka. */
    String brokers() {
        return brokers;
    }

    /** Processor time of the process so far, seconds. */
    double processorSeconds() {
        return process.info().totalCpuDuration().orElseThrow().toNanos() / 1e9;
    }

    /** Processor seconds that a second costs while nobody asks. */
    double processorOfIdle() throws InterruptedException {
        double before = processorSeconds();
        TimeUnit.SECONDS.sleep(IDLE_S);
        return (processorSeconds() - before) / IDLE_S;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(60, TimeUnit.SECONDS)) {
            process.destroyForcibly();
        }
        FileUtils.deleteDirectoryQuietly(folder.toFile());
    }
}
