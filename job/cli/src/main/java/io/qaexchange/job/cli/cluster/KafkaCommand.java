package io.qaexchange.job.cli.cluster;

import io.qaexchange.broker.EmbeddedKafka;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code bin/kafka}. */
@Command(name = "kafka", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Runs a single-node Kafka broker on this machine as a separate process, with the topics events and dead-letters.",
        footer = {"", "Exit code: 0 success; 1 (status) the broker is not running; 2 the command could not run."})
public final class KafkaCommand implements Callable<Integer> {

    private static final String NAME = "kafka";
    private static final Duration START_TIMEOUT = Duration.ofSeconds(180);
    private static final int EVENT_PARTITIONS = 4;

    @Parameters(paramLabel = "start|stop|status", description = "What to do.")
    private String action;
    @Option(names = "--dir", defaultValue = "run", description = "Folder for data and log. Default: ${DEFAULT-VALUE}.")
    private Path folder;
    @Option(names = "--port", defaultValue = "9092", description = "Port of the broker; its controller uses the next port. Default: ${DEFAULT-VALUE}.")
    private int port;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new KafkaCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        Path target = folder.toAbsolutePath().normalize();
        LocalBroker broker = LocalBroker.of(target);
        LocalProcesses processes = new LocalProcesses(target.resolve("processes"));
        switch (action) {
            case "serve" -> serve(target);
            case "start" -> {
                if (processes.find(NAME).isEmpty()) {
                    Ports.checkFree(Map.of("--port", port, "--port (its controller uses the next one)", port + 1));
                    broker.starts();
                }
                processes.start(NAME, List.of("-Xmx768m", "-cp", System.getProperty("java.class.path"), KafkaCommand.class.getName(), "serve",
                        "--dir", target.toString(), "--port", Integer.toString(port)));
                processes.await(NAME, START_TIMEOUT, broker::wasStarted);
                System.out.println(broker.connectFirst());
            }
            case "stop" -> processes.stop(NAME);
            case "status" -> {
                if (processes.find(NAME).isEmpty()) {
                    System.out.println("does not run");
                    return Tool.BAD;
                }
                System.out.println("runs at " + broker.connect() + ", process " + processes.find(NAME).get().pid() + ", log " + processes.log(NAME));
            }
            default -> throw new UsageException("the action must be start, stop or status, not " + action);
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
        LocalBroker.of(target).ready(broker.bootstrapServers());
        Runtime.getRuntime().addShutdownHook(new Thread(broker::close, "broker shutdown"));
        new CountDownLatch(1).await();
    }
}
