package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.generator.GeneratedMessage;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.query.audit.AuditReport;
import io.qaexchange.job.query.audit.GeneratedEvents;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.flink.api.common.JobID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A savepoint of each release, with its archive, kept in {@code src/test/resources/golden} for ever: this build goes on from it, on every
 * backend, and then every event of before and after is there once.
 *
 * <p>Kafka's log is not kept: it is filled again with the same messages, so that the savepoint's offsets mean the same. A new release adds
 * a folder: {@code -Dgolden.write=savepoint-<release> -Dgolden.folder=<an empty folder>}; the latter's name stands in the savepoint.
 */
@Timeout(180)
class GoldenSavepointITCase {

    private static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final int SEED = 20;
    private static final int MESSAGES = 1_200;
    private static final int BEFORE = 800;

    @TempDir
    private Path folder;

    @ParameterizedTest
    @CsvSource({"savepoint-0.1.0, hashmap, false", "savepoint-0.1.0, rocksdb, false", "savepoint-0.1.0, lsm, true"})
    void goesOnFromTheSavepointOfARelease(String release, String backend, boolean andBack) throws Exception {
        if (release.equals(System.getProperty("golden.write")) && backend.equals("hashmap")) {
            write(GOLDEN.resolve(release));
        }
        copy(GOLDEN.resolve(release), folder);
        try (JobRig rig = JobRig.start(folder)) {
            ArchiveManifest before = rig.manifest();
            assertThat(before.files()).as("archived by the release").isNotEmpty();
            send(rig, MESSAGES);
            rig.set("backend", backend).set("min-batch-size", andBack ? "4 kb" : "32 kb");
            JobID job = rig.submit(3, folder.resolve("savepoint").toUri().toString());
            JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES && (!andBack || rig.manifest().files().size() > before.files().size()));
            AuditReport report = rig.audit(rig.stop(job), new GeneratedEvents(SEED, MESSAGES));

            assertThat(report.holds()).as(report.toText()).isTrue();
            assertThat(rig.manifest().files()).as("the release's files stay").containsAll(before.files());
            assertThat(report.hot()).isPositive();
            if (andBack) {
                goesBack(rig, before);
            }
        }
    }

    /** As for a rollback: the job starts from the kept savepoint again, although another has gone on from it and has archived. */
    private void goesBack(JobRig rig, ArchiveManifest before) throws Exception {
        ArchiveManifest abandoned = rig.manifest();
        JobID job = rig.submit(1, folder.resolve("savepoint").toUri().toString());
        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES);
        AuditReport report = rig.audit(rig.stop(job), new GeneratedEvents(SEED, MESSAGES));

        assertThat(report.holds()).as(report.toText()).isTrue();
        assertThat(rig.manifest().files()).as("the release's files stay").containsAll(before.files());
        assertThat(rig.manifest().files()).as("what was archived since is put aside").doesNotContainAnyElementsOf(
                abandoned.files().stream().filter(file -> !before.files().contains(file)).toList());
        assertThat(rig.manifest().superseded()).isNotEmpty();
    }

    private void write(Path target) throws Exception {
        Path writing = Path.of(System.getProperty("golden.folder"));
        try (JobRig rig = JobRig.start(writing)) {
            rig.set("min-batch-size", "4 kb");
            send(rig, BEFORE);
            JobID job = rig.submit(1, null);
            JobRig.await(() -> LiveMetrics.sum("consumed") >= BEFORE && LiveMetrics.sum("archivedRows") > 0 && LiveMetrics.sum("archiving") == 0
                    && LiveMetrics.sum("handedOverBatches") == 0);
            String savepoint = rig.stop(job);
            copy(Path.of(java.net.URI.create(savepoint)), target.resolve("savepoint"));
            copy(writing.resolve("archive"), target.resolve("archive"));
        }
    }

    private static void send(JobRig rig, int count) {
        EventGenerator generator = new EventGenerator(SEED, MESSAGES);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(Map.of("bootstrap.servers", rig.brokers()),
                new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < count; i++) {
                GeneratedMessage message = generator.next();
                producer.send(new ProducerRecord<>("events", message.kafkaKey(), message.value()));
            }
        }
    }

    private static void copy(Path source, Path target) throws IOException {
        List<Path> files;
        try (Stream<Path> walk = Files.walk(source)) {
            files = walk.toList();
        }
        for (Path file : files) {
            Path to = target.resolve(source.relativize(file).toString());
            if (Files.isDirectory(file)) {
                Files.createDirectories(to);
            } else {
                Files.copy(file, to);
            }
        }
    }
}
