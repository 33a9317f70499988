package io.qaexchange.job.cli.cluster;

import io.qaexchange.broker.EmbeddedKafka;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/kafka}. */
@Command(name = "kafka", mixinStandardHelpOptions = true, sortOptions = false,
        description = "A Kafka broker of one node on this machine, as a process of its own, with the topics events and dead-letters.",
        footer = {"", "Exit code: 0 good, 1 status: it does not run, 2 it could not run."})
public final class KafkaCommand implements Callable<Integer> {

    private static final String NAME = "kafka";
    /** Holds the broker's address once it answers. */
    static final String READY = "kafka.ready";
    private static final Duration START_TIMEOUT = Duration.ofSeconds(60);
    private static final int EVENT_PARTITIONS = 4;

    @Parameters(paramLabel = "start|stop|status", description = "What to do.")
    private String action;
    @Option(names = "--dir", defaultValue = "run", description = "Folder for data and log. Default: ${DEFAULT-VALUE}.")
    private Path folder;
    @Option(names = "--port", defaultValue = "9092", description = "Port of the broker; its controller uses the next. Default: ${DEFAULT-VALUE}.")
    private int port;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new KafkaCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        Path target = folder.toAbsolutePath().normalize();
        LocalProcesses processes = new LocalProcesses(target.resolve("processes"));
        switch (action) {
            case "serve" -> serve(target);
            case "start" -> {
                Files.deleteIfExists(target.resolve(READY));
                processes.start(NAME, List.of("-Xmx768m", "-cp", System.getProperty("java.class.path"), KafkaCommand.class.getName(), "serve",
                        "--dir", target.toString(), "--port", Integer.toString(port)));
                processes.await(NAME, START_TIMEOUT, () -> Files.exists(target.resolve(READY)) && answers(port));
                System.out.println("127.0.0.1:" + port);
            }
            case "stop" -> processes.stop(NAME);
            case "status" -> {
                boolean runs = processes.find(NAME).isPresent();
                System.out.println(runs ? "runs, process " + processes.find(NAME).get().pid() + ", log " + processes.log(NAME) : "does not run");
                return runs ? Tool.GOOD : Tool.BAD;
            }
            default -> throw new UsageException("say start, stop or status, not " + action);
        }
        return Tool.GOOD;
    }

    /** Runs the broker until the process is told to end. */
    private void serve(Path target) throws Exception {
        Path data = target.resolve("kafka-data");
        boolean first = !Files.exists(data);
        EmbeddedKafka broker = EmbeddedKafka.start(data, port, port + 1);
        if (first) {
            broker.createTopic("events", EVENT_PARTITIONS);
            broker.createTopic("dead-letters", 1);
        }
        Files.writeString(target.resolve(READY), broker.bootstrapServers());
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "broker shutdown"));
        new CountDownLatch(1).await();
    }

    private static boolean answers(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 500);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
