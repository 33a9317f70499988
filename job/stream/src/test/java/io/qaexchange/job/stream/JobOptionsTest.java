package io.qaexchange.job.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.job.model.UsageException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobOptionsTest {

    @TempDir
    private Path folder;

    @Test
    void readsCommandLineAndFileAndLetsTheCommandLineWin() throws Exception {
        Path file = Files.writeString(folder.resolve("job.yaml"), """
                topics: [events, more]
                min-age: 10 min
                batch-size: 64 mb
                kafka:
                  security.protocol: SSL
                """);

        JobOptions options = JobCommand.parse(new String[] {"--config", file.toString(), "--min-age", "1 min", "--archive", "a",
            "--kafka.ssl.truststore.location=/t"});

        assertThat(options.get(JobOptions.TOPICS)).containsExactly("events", "more");
        assertThat(options.get(JobOptions.MIN_AGE)).isEqualTo(Duration.ofMinutes(1));
        assertThat(options.get(JobOptions.BATCH_SIZE)).isEqualTo(64L << 20);
        assertThat(options.kafka()).containsEntry("security.protocol", "SSL").containsEntry("ssl.truststore.location", "/t");
        assertThat(options.get(JobOptions.WINDOW)).as("default").isEqualTo(Duration.ofHours(1));
    }

    @Test
    void namesAnUnknownKeyAndWhereItStands() throws Exception {
        Path file = Files.writeString(folder.resolve("job.yaml"), "min-agee: 10 min\n");

        assertThatThrownBy(() -> JobCommand.parse(new String[] {"--config", file.toString()})).isInstanceOf(UsageException.class)
                .hasMessageContaining("job.yaml").hasMessageContaining("unknown option min-agee").hasMessageContaining("min-age");
        assertThatThrownBy(() -> JobCommand.parse(new String[] {"--min-agee", "1"})).isInstanceOf(UsageException.class)
                .hasMessageContaining("--min-agee");
    }

    @Test
    void saysWhatAValueShouldLookLike() {
        for (Map<String, String> wrong : java.util.List.of(Map.of("min-age", "soon"), Map.of("batch-size", "big"),
                Map.of("backend", "paper"), Map.of("parallelism", "0"), Map.of("bounded", "maybe"))) {
            assertThatThrownBy(() -> JobOptions.of(wrong, "here")).isInstanceOf(UsageException.class).hasMessageStartingWith("here: ")
                    .hasMessageContaining("is not");
        }
        assertThatThrownBy(() -> JobOptions.of(Map.of("start", "yesterday"), "here").source()).isInstanceOf(UsageException.class)
                .hasMessageContaining("earliest");
        assertThatThrownBy(() -> JobOptions.of(Map.of(), "here").store()).isInstanceOf(UsageException.class)
                .hasMessageContaining("option archive is missing");
    }

    @Test
    void refusesOptionsThatDoNotFit() {
        Map<String, String> texts = Map.of("archive", "a", "min-age", "2 h", "hot-retention", "1 h");

        assertThatThrownBy(() -> JobOptions.of(texts, "here").store()).isInstanceOf(UsageException.class)
                .hasMessageContaining("hot retention").hasMessageContaining("minimum age");
    }

    @Test
    void refusesUnalignedCheckpoints() {
        Configuration configuration = new Configuration();
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, Duration.ofSeconds(1));
        configuration.set(CheckpointingOptions.ENABLE_UNALIGNED, true);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);

        assertThatThrownBy(() -> ExchangeJob.build(environment, JobOptions.of(Map.of("archive", "a"), "here")))
                .isInstanceOf(UsageException.class).hasMessageContaining("unaligned");
    }

    @ParameterizedTest
    @CsvSource({"min-age, fivemin, a duration such as", "backend, rocks, 'one of lsm, rocksdb, hashmap'", "batch-size, huge, a size such as", "bounded, yes, true or false",
        "parallelism, 0, a whole number of at least 1"})
    void namesOptionAndAllowedValuesAndHidesWhatLiesBelow(String option, String value, String allowed) {
        assertThatThrownBy(() -> ExchangeJob.main(new String[] {"--archive", "a", "--" + option, value})).isInstanceOf(UsageException.class).hasNoCause()
                .hasMessageContaining(option + ": \"" + value + "\" is not " + allowed);
    }

    @ParameterizedTest
    @ValueSource(strings = {"with space", "Börse", "50%", "a%20b", "a#b", "[old]", "a*b", "a?b", "it's", "{x}", "x:y", " lead", "trail ", "a=b", "new\nline"})
    void foldersGoToFlinkAsTheyAreCalled(String name) {
        String folder = "/data/" + name;
        assertThat(new org.apache.flink.core.fs.Path(JobOptions.folderUri(folder)).getPath()).isEqualTo(folder);
        assertThat(new org.apache.flink.core.fs.Path(JobOptions.folderUri(java.nio.file.Path.of(folder))).getPath()).isEqualTo(folder);
    }

    @Test
    void remoteFoldersStayAndWhatFlinkCannotNameIsRefused() {
        assertThat(JobOptions.folderUri("s3://bucket/a b")).isEqualTo("s3://bucket/a b");
        assertThat(JobOptions.folderUri("file:/data/a b")).isEqualTo("file:/data/a b");
        assertThatThrownBy(() -> JobOptions.folderUri("/data/a\\b")).isInstanceOf(UsageException.class).hasMessageContaining("backslash");
    }

    @Test
    void explainsEveryOption() {
        for (JobOption<?> option : JobOptions.ALL) {
            assertThat(option.description()).as(option.name()).endsWith(".").hasSizeGreaterThan(15);
            assertThat(option.unit()).as(option.name()).isNotBlank();
        }
    }
}
