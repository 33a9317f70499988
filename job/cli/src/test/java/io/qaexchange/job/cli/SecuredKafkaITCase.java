package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.broker.EmbeddedKafka;
import io.qaexchange.job.cli.data.GenerateCommand;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.cli.read.AuditCommand;
import io.qaexchange.kafka.KafkaConnection;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import org.apache.flink.api.common.JobID;
import org.apache.kafka.clients.admin.Admin;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** A broker that speaks TLS and asks for a password: the job by its {@code kafka.*} options, the commands by {@code --command-config}. */
@Timeout(120)
class SecuredKafkaITCase {

    private static final int MESSAGES = 2_000;
    private static final String PASSWORD = "tls-secret";
    private static final String LOGIN = "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\"";

    @TempDir
    private Path folder;
    private EmbeddedKafka kafka;
    private final StringWriter complaints = new StringWriter();

    @BeforeEach
    void start() throws Exception {
        Path keys = folder.resolve("broker.p12");
        Process keytool = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "keytool").toString(), "-genkeypair", "-keyalg", "EC",
                "-alias", "broker", "-dname", "CN=broker", "-ext", "san=ip:127.0.0.1", "-storetype", "PKCS12", "-storepass", PASSWORD,
                "-keystore", keys.toString()).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        assertThat(keytool.waitFor()).isZero();
        kafka = EmbeddedKafka.start(folder.resolve("kafka"), Map.of(
                "listener.security.protocol.map", EmbeddedKafka.LISTENER + ":SASL_SSL,CONTROLLER:PLAINTEXT",
                "ssl.keystore.location", keys.toString(), "ssl.keystore.password", PASSWORD, "ssl.keystore.type", "PKCS12",
                "ssl.truststore.location", keys.toString(), "ssl.truststore.password", PASSWORD, "ssl.truststore.type", "PKCS12",
                "sasl.enabled.mechanisms", "PLAIN", "sasl.mechanism.inter.broker.protocol", "PLAIN",
                "listener.name.clients.plain.sasl.jaas.config",
                LOGIN.formatted("broker", "b") + " user_broker=\"b\" user_exchange=\"e\";"));
        try (Admin admin = Admin.create(KafkaConnection.to(kafka.bootstrapServers(), settings("e")).client(Map.of()))) {
            EmbeddedKafka.createTopic(admin, "events", 2);
            EmbeddedKafka.createTopic(admin, "dead-letters", 1);
        }
    }

    @AfterEach
    void stop() {
        kafka.close();
    }

    @Test
    void theJobAndTheCommandsReachIt() throws Exception {
        String config = settings("e").toString();
        assertThat(run(new GenerateCommand(), "--events", Integer.toString(MESSAGES), "--command-config", config)).isEqualTo(Tool.GOOD);
        String savepoint;
        try (JobRig rig = JobRig.start(folder, kafka)) {
            client("e").forEach((name, value) -> rig.set("kafka." + name, value.toString()));
            JobID job = rig.submit(2, null);
            JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES);
            savepoint = rig.stop(job);

            int audit = run(new AuditCommand(), "--command-config", config, "--checkpoint", savepoint, "--parquet", rig.archive().toString());

            assertThat(audit).as(complaints.toString()).isEqualTo(Tool.GOOD);
        }
    }

    @Test
    void commandsSayWhatIsMissing() throws Exception {
        assertThat(run(new GenerateCommand(), "--command-config", settings("wrong").toString())).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complaints.toString()).contains("refused the connection", "--command-config", "Authentication failed");

        assertThat(run(new GenerateCommand(), "--command-config", folder.resolve("none").toString())).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complaints.toString()).contains("cannot be read from " + folder.resolve("none"));

        assertThat(run(new GenerateCommand(), "--command-config", settings("e").toString(), "--topic", "nowhere")).isEqualTo(Tool.COULD_NOT_RUN);
        assertThat(complaints.toString()).contains("has no topic nowhere");
    }

    private int run(java.util.concurrent.Callable<Integer> command, String... arguments) {
        CommandLine line = new CommandLine(command).setErr(new PrintWriter(complaints, true));
        line.setExecutionExceptionHandler((exception, commandLine, parsed) -> Tool.explain(exception, commandLine));
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--brokers";
        all[arguments.length + 1] = kafka.bootstrapServers();
        return line.execute(all);
    }

    private Path settings(String password) throws Exception {
        Path file = folder.resolve("client-" + password + ".properties");
        try (var writer = Files.newBufferedWriter(file)) {
            client(password).store(writer, null);
        }
        return file;
    }

    private Properties client(String password) {
        Properties client = new Properties();
        client.put("security.protocol", "SASL_SSL");
        client.put("sasl.mechanism", "PLAIN");
        client.put("sasl.jaas.config", LOGIN.formatted("exchange", password) + ";");
        client.put("ssl.truststore.location", folder.resolve("broker.p12").toString());
        client.put("ssl.truststore.password", PASSWORD);
        client.put("ssl.truststore.type", "PKCS12");
        return client;
    }
}
