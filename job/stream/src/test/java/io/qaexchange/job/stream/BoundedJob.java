package io.qaexchange.job.stream;

import io.qaexchange.broker.EmbeddedKafka;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestartStrategyOptions;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.runtime.client.JobExecutionException;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/** The job in this process over what a broker holds now, until its end. Nothing is restarted: a single failure is one of the test. */
public final class BoundedJob {

    private BoundedJob() {
    }

    /**
     * Runs the job over the topic {@code events} into {@code archive} of the folder.
     *
     * @throws AssertionError if the job fails; its one line names all causes, as a test report shows little more
     */
    public static void run(EmbeddedKafka kafka, Path folder, int parallelism) throws Exception {
        Map<String, String> texts = new HashMap<>();
        texts.put("brokers", kafka.bootstrapServers());
        texts.put("archive", folder.resolve("archive").toString());
        texts.put("checkpoints", folder.resolve("checkpoints").toString());
        texts.put("checkpoint-interval", "200 ms");
        texts.put("bounded", "true");
        texts.put("parallelism", Integer.toString(parallelism));
        JobOptions options = JobOptions.of(texts, "test");
        Configuration configuration = ExchangeJob.flinkConfiguration(options);
        configuration.set(RestartStrategyOptions.RESTART_STRATEGY, "none");
        // Nobody asks for tokens; Hadoop, which would give them, does not run on JDK 24 and later.
        configuration.set(SecurityOptions.DELEGATION_TOKENS_ENABLED, false);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(parallelism, configuration);
        ExchangeJob.build(environment, options);
        try {
            environment.execute("test");
        } catch (JobExecutionException e) {
            throw new AssertionError("the job failed: " + Stream.iterate(e.getCause(), Objects::nonNull, Throwable::getCause)
                    .map(cause -> cause.toString().lines().findFirst().orElse("")).collect(Collectors.joining(" < ")), e);
        }
    }
}
