package io.qaexchange.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.events.Arrival;
import io.qaexchange.events.Decoded;
import io.qaexchange.events.EventDecoder;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.job.cli.data.Feeder;
import io.qaexchange.job.cli.demo.LiveMetrics;
import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.LiveException;
import io.qaexchange.job.model.live.LiveProtocol;
import io.qaexchange.job.model.live.PartitionOffset;
import io.qaexchange.job.query.live.EndpointPool;
import io.qaexchange.job.query.live.FlinkJobDirectory;
import io.qaexchange.job.query.live.JobNotRunningException;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.kafka.KafkaConnection;
import io.qaexchange.kafka.TopicReader;
import io.qaexchange.parquet.ArchivedEvent;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.TableReader;
import io.qaexchange.parquet.bar.BarTable;
import io.qaexchange.parquet.bar.FileBars;
import io.qaexchange.parquet.bar.PartialBar;
import io.qaexchange.parquet.bar.PartialBars;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.flink.api.common.JobID;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.SecurityOptions;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Readers that never stop asking a running job, while it archives, is killed and rescaled: every answer is checked. */
@Timeout(240)
class LiveReadsITCase {

    private static final int MESSAGES = 8_000;
    private static final int SEED = 11;
    private static final int LATE = 20;

    @TempDir
    private Path folder;
    private JobRig rig;
    private Configuration flink = new Configuration();

    /**
     * An answer: the identities that were found, each once.
     *
     * @param atMs when it was asked for
     */
    private record Answer(ReadLevel level, Set<String> rows, int hot, List<PartitionOffset> offsets, long atMs) {
    }

    @BeforeEach
    void start() throws Exception {
        rig = JobRig.start(folder);
    }

    @AfterEach
    void stop() throws Exception {
        rig.close();
    }

    @Test
    void everyAnswerHasEachRowOnceWhileRowsAreArchived() throws Exception {
        Feeder feeder = new Feeder(KafkaConnection.to(rig.brokers()), "events", SEED, MESSAGES);
        feeder.setRate(MESSAGES / 8.0);
        JobID job = rig.submit(2, null);
        CommonTestUtils.waitForAllTaskRunning(rig.cluster(), job, false);
        CompletableFuture<?> feeding = feeder.start();
        try (LiveReader reader = reader(null)) {
            Asking live = new Asking(reader, ReadLevel.LIVE);
            Asking checkpoints = new Asking(reader, new ReadLevel.LatestCheckpoint());
            aCheckpointIsHeldWhileSomebodyReadsIt(reader);
            feeding.get(60, TimeUnit.SECONDS);
            JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES && LiveMetrics.sum("archivedRows") > 0);
            List<Answer> all = new ArrayList<>(live.stop());
            all.addAll(checkpoints.stop());

            assertThat(live.refused).as("reads that were refused while the job ran").isEmpty();
            all.add(ask(reader, ReadLevel.LIVE));
            check(all, true);
            theNewestRowOfOneInstrumentIsReadAlone(reader);
            assertThat(all.get(all.size() - 1).rows()).as("everything is there at the end").isEqualTo(sent().keySet());
            assertThat(all).as("some rows were archived while answers were given").anyMatch(answer -> answer.hot() < answer.rows().size());
            barsAreThoseOfTheRows(reader);
            lateRowsAreAmongTheFirst(reader);
            barsAreThoseOfTheRows(reader);
        }
        rig.stop(job);
    }

    /** As it is read with those of all others, and not all rows of the instrument. */
    private static void theNewestRowOfOneInstrumentIsReadAlone(LiveReader reader) throws Exception {
        LiveRead.Wanted trades = LiveRead.Wanted.all(EventSchema.get().findTable("trade"));
        try (LiveRead read = reader.open(ReadLevel.LIVE)) {
            Map<String, List<Long>> ofEach = times(read, trades.newestOfEach());
            Map<String, List<Long>> all = times(read, trades.withArchived());
            assertThat(ofEach.keySet()).isNotEmpty().isEqualTo(all.keySet());
            Random random = new Random(21);
            for (String instrument : all.keySet()) {
                assertThat(Collections.max(ofEach.get(instrument))).as("the newest row of %s", instrument).isEqualTo(Collections.max(all.get(instrument)));
                // Rows of some times only, late ones among them.
                List<Long> sorted = all.get(instrument).stream().sorted().toList();
                long from = sorted.get(random.nextInt(sorted.size()));
                long to = sorted.get(random.nextInt(sorted.size()));
                List<Long> between = times(read, trades.of(instrument).between(from, to).withArchived()).getOrDefault(instrument, List.of());
                assertThat(between.stream().sorted().toList()).as("from %s to %s", from, to).isEqualTo(sorted.stream().filter(time -> time >= from && time < to).toList());
                assertThat(times(read, trades.of(instrument).newestOfEach())).isEqualTo(Map.of(instrument, ofEach.get(instrument)));
                theFirstRowsAreWhole(read, trades.of(instrument).withArchived(), sorted, 1 + random.nextInt(sorted.size()));
                theFirstRowsAreWhole(read, trades.of(instrument).withArchived(), sorted, 1);
            }
            assertThat(ofEach.values().stream().mapToInt(List::size).sum()).as("rows read, of %s", all).isLessThan(all.values().stream().mapToInt(List::size).sum());
        }
    }

    /** Bars that subtasks make are those of the rows that they give: hot ones only, of some times, of one instrument or of all. */
    private static void barsAreThoseOfTheRows(LiveReader reader) throws Exception {
        Random random = new Random(22);
        try (LiveRead read = reader.open(ReadLevel.LIVE)) {
            for (BarTable table : BarTable.values()) {
                RecordType type = EventSchema.get().table(table.table());
                Map<String, List<Long>> all = times(read, LiveRead.Wanted.all(type));
                List<Long> sorted = all.values().stream().flatMap(List::stream).sorted().toList();
                assertThat(all).hasSizeGreaterThan(1);
                for (int i = 0; i < 40; i++) {
                    long from = i % 2 == 0 ? Long.MIN_VALUE : sorted.get(random.nextInt(sorted.size()));
                    long to = i % 3 == 0 ? Long.MAX_VALUE : sorted.get(random.nextInt(sorted.size()));
                    LiveRead.Wanted wanted = LiveRead.Wanted.all(type).between(from, to);
                    if (i % 4 != 0) {
                        wanted = wanted.of(List.copyOf(all.keySet()).get(random.nextInt(all.size())));
                    }
                    int seconds = List.of(1, 5, 60).get(i % 3);
                    PartialBars rows = new PartialBars(type, table, seconds);
                    StoredEvent stored = new StoredEvent();
                    read.scan(wanted, (bytes, offset, length) -> {
                        stored.wrap(bytes, offset, length);
                        rows.add(stored, read.instruments().tradingDay(stored.event()));
                        return true;
                    });
                    List<FileBars> expected = new ArrayList<>();
                    for (byte[] bytes : rows.take()) {
                        expected.add(FileBars.read(bytes));
                    }
                    assertThat(sums(read.bars(wanted, seconds))).as("%s, %d s", wanted, seconds).usingRecursiveComparison().isEqualTo(sums(expected));
                }
            }
            RecordType unpriced = EventSchema.get().recordTypes().stream().filter(type -> BarTable.find(type.table()) == null).findFirst().orElseThrow();
            assertThatThrownBy(() -> read.bars(LiveRead.Wanted.all(unpriced), 60)).isInstanceOf(LiveException.class).hasMessageContaining("no bars are made of");
        }
    }

    /** Bars by trading day, instrument and beginning. */
    private static Map<String, PartialBar> sums(List<FileBars> parts) {
        Map<String, PartialBar> sums = new TreeMap<>();
        parts.forEach(part -> part.byInstrument().forEach((instrument, bars) -> bars.forEach(bar -> sums
                .computeIfAbsent(part.tradingDay() + " " + instrument + " " + bar.beginNs(), none -> new PartialBar()).add(bar.bar()))));
        return sums;
    }

    /** The first rows and the newest ones: no row is missing up to the time of the last that counts, late or not. */
    private static void theFirstRowsAreWhole(LiveRead read, LiveRead.Wanted wanted, List<Long> sorted, int count) throws IOException {
        List<Long> first = times(read, wanted.firstWithTies(count, false)).getOrDefault(wanted.routeKey(), List.of());
        long last = sorted.get(count - 1);
        assertThat(first.stream().filter(time -> time <= last).sorted().toList()).as("the first %d", count).isEqualTo(sorted.stream().filter(time -> time <= last).toList());
        List<Long> newest = times(read, wanted.firstWithTies(count, true)).getOrDefault(wanted.routeKey(), List.of());
        long oldest = sorted.get(sorted.size() - count);
        assertThat(newest.stream().filter(time -> time >= oldest).sorted().toList()).as("the newest %d", count)
                .isEqualTo(sorted.stream().filter(time -> time >= oldest).toList());
    }

    /** Rows that come when rows of their times have been archived, and rows that share a time. */
    private void lateRowsAreAmongTheFirst(LiveReader reader) throws Exception {
        LiveRead.Wanted ticks = LiveRead.Wanted.all(EventSchema.get().findTable("tick")).withArchived();
        Map<String, List<Long>> before;
        try (LiveRead read = reader.open(ReadLevel.LIVE)) {
            before = times(read, ticks);
        }
        String instrument = before.entrySet().stream().max(Comparator.comparingInt(entry -> entry.getValue().size())).orElseThrow().getKey();
        List<Long> sorted = before.get(instrument).stream().sorted().toList();
        long newest = before.values().stream().flatMap(List::stream).max(Long::compare).orElseThrow() + TimeUnit.MINUTES.toNanos(1);
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(Map.of("bootstrap.servers", rig.brokers()), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (int i = 0; i < LATE; i++) {
                byte[] tick = new EventBuilder().start("tick").instrument(instrument).eventTime(sorted.get(i * sorted.size() / LATE) + i % 2).identity("late", i).set("last_price", 1.0).build();
                producer.send(new ProducerRecord<>("events", tick)).get();
                byte[] tied = new EventBuilder().start("tick").instrument(instrument).eventTime(newest + i / 5).identity("tied" + i, 1).set("last_price", 1.0).build();
                producer.send(new ProducerRecord<>("events", tied)).get();
            }
        }
        JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES + 2 * LATE);
        try (LiveRead read = reader.open(ReadLevel.LIVE)) {
            List<Long> now = times(read, ticks.of(instrument)).get(instrument).stream().sorted().toList();
            assertThat(now).hasSizeGreaterThan(sorted.size());
            for (int count = 1; count <= now.size(); count += count < LATE ? 1 : now.size() / LATE) {
                theFirstRowsAreWhole(read, ticks.of(instrument), now, count);
            }
        }
    }

    private static Map<String, List<Long>> times(LiveRead read, LiveRead.Wanted wanted) throws IOException {
        Map<String, List<Long>> times = new HashMap<>();
        StoredEvent stored = new StoredEvent();
        read.scan(wanted, (bytes, offset, length) -> {
            stored.wrap(Arrays.copyOfRange(bytes, offset, offset + length));
            return times.computeIfAbsent(stored.event().routeKey(), key -> new ArrayList<>()).add(stored.event().eventTime());
        });
        return times;
    }

    /** Whoever audits an answer at a checkpoint asks for the same one again, when newer ones were completed. */
    private void aCheckpointIsHeldWhileSomebodyReadsIt(LiveReader reader) throws Exception {
        LiveRead early = reader.open(new ReadLevel.LatestCheckpoint());
        ReadLevel level = early.level();
        try (early) {
            Answer first = ask(reader, level);
            JobRig.await(() -> !held(reader).contains(((ReadLevel.Checkpoint) level).id()));
            Answer again = ask(reader, level);
            assertThat(again.rows()).isEqualTo(first.rows());
            assertThat(again.offsets()).isEqualTo(first.offsets());
        }
        // Pins are released on a way that nobody waits for.
        JobRig.await(() -> refusal(reader, level).contains("does not hold"));
    }

    private static String refusal(LiveReader reader, ReadLevel level) throws IOException {
        try (LiveRead read = reader.open(level)) {
            return "none: " + read.level();
        } catch (LiveException e) {
            return e.getMessage();
        }
    }

    private static List<Long> held(LiveReader reader) throws IOException {
        try (LiveRead now = reader.open(ReadLevel.LIVE)) {
            return now.heldCheckpoints();
        }
    }

    @Test
    void answersAreRightOrRefusedThroughKillsAndRescaling() throws Exception {
        Feeder feeder = new Feeder(KafkaConnection.to(rig.brokers()), "events", SEED, MESSAGES);
        feeder.setRate(MESSAGES / 12.0);
        JobID first = rig.submit(2, null);
        CommonTestUtils.waitForAllTaskRunning(rig.cluster(), first, false);
        CompletableFuture<?> feeding = feeder.start();
        List<Answer> all = new ArrayList<>();
        String savepoint;
        try (LiveReader reader = reader(null)) {
            Asking live = new Asking(reader, ReadLevel.LIVE);
            Asking checkpoints = new Asking(reader, new ReadLevel.LatestCheckpoint());
            JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES / 3 && live.isAnswered() && checkpoints.isAnswered());
            rig.cluster().terminateTaskManager(0).get();
            rig.cluster().startTaskManager();
            CommonTestUtils.waitForAllTaskRunning(rig.cluster(), first, false);
            JobRig.await(() -> LiveMetrics.sum("consumed") >= 2 * MESSAGES / 3);
            savepoint = rig.stop(first);
            all.addAll(live.stop());
            all.addAll(checkpoints.stop());
            // Rows after the last checkpoint come again after a kill.
            check(all, false);
        }
        JobID second = rig.submit(3, savepoint);
        CommonTestUtils.waitForAllTaskRunning(rig.cluster(), second, false);
        try (LiveReader reader = reader(null)) {
            Answer restored = ask(reader, new ReadLevel.LatestCheckpoint());
            Asking live = new Asking(reader, ReadLevel.LIVE);
            feeding.get(60, TimeUnit.SECONDS);
            JobRig.await(() -> LiveMetrics.sum("consumed") >= MESSAGES);
            List<Answer> later = new ArrayList<>(live.stop());
            later.add(restored);
            later.add(ask(reader, ReadLevel.LIVE));
            check(later, true);
            assertThat(later.get(later.size() - 1).rows()).isEqualTo(sent().keySet());
        }
        rig.stop(second);
    }

    @Test
    void saysWhyNothingCanBeRead() throws Exception {
        try (LiveReader reader = reader(null)) {
            assertThatThrownBy(() -> reader.open(ReadLevel.LIVE)).isInstanceOf(JobNotRunningException.class)
                    .hasMessageContaining("no job runs");
        }
        JobID job = rig.submit(1, null);
        CommonTestUtils.waitForAllTaskRunning(rig.cluster(), job, false);
        try (LiveReader reader = reader("no-such-job")) {
            assertThatThrownBy(() -> reader.open(ReadLevel.LIVE)).isInstanceOf(JobNotRunningException.class)
                    .hasMessageContaining("no job no-such-job").hasMessageContaining(job.toHexString());
        }
        try (LiveReader reader = reader(null)) {
            assertThatThrownBy(() -> reader.open(new ReadLevel.Checkpoint(99_999))).isInstanceOf(LiveException.class)
                    .hasMessageContaining("99999");
            EndpointAnnouncement endpoint = reader.directory().describe().endpoints().get(0);
            assertThat(greet(endpoint, LiveProtocol.VERSION, endpoint.secret())).isEmpty();
            assertThat(greet(endpoint, LiveProtocol.VERSION + 1, endpoint.secret())).contains("version " + (LiveProtocol.VERSION + 1)).contains("the same release");
            assertThat(greet(endpoint, LiveProtocol.VERSION, endpoint.secret().substring(1))).isEqualTo("wrong secret");
        }
        rig.stop(job);
    }

    /** @return why the endpoint refuses a reader; empty if it does not */
    private static String greet(EndpointAnnouncement endpoint, int version, String secret) throws IOException {
        try (Socket socket = new Socket(endpoint.host(), endpoint.port())) {
            DataOutputStream out = new DataOutputStream(socket.getOutputStream());
            out.writeInt(LiveProtocol.MAGIC);
            out.writeByte(version);
            out.writeUTF(secret);
            DataInputStream in = new DataInputStream(socket.getInputStream());
            return in.readUnsignedByte() == 0 ? "" : in.readUTF();
        }
    }

    @Test
    void readsOverFlinksInternalTls() throws Exception {
        rig.close();
        Path keys = KeyStores.make(folder.resolve("keys.p12"), "127.0.0.1");
        Configuration tls = new Configuration();
        tls.set(SecurityOptions.SSL_INTERNAL_ENABLED, true);
        tls.set(SecurityOptions.SSL_INTERNAL_KEYSTORE, keys.toString());
        tls.set(SecurityOptions.SSL_INTERNAL_KEYSTORE_PASSWORD, KeyStores.PASSWORD);
        tls.set(SecurityOptions.SSL_INTERNAL_KEY_PASSWORD, KeyStores.PASSWORD);
        tls.set(SecurityOptions.SSL_INTERNAL_TRUSTSTORE, keys.toString());
        tls.set(SecurityOptions.SSL_INTERNAL_TRUSTSTORE_PASSWORD, KeyStores.PASSWORD);
        tls.set(SecurityOptions.SSL_INTERNAL_KEYSTORE_TYPE, "PKCS12");
        tls.set(SecurityOptions.SSL_INTERNAL_TRUSTSTORE_TYPE, "PKCS12");
        Path secured = Files.createDirectory(folder.resolve("secured"));
        rig = JobRig.start(secured, tls);
        new Feeder(KafkaConnection.to(rig.brokers()), "events", SEED, 500).start().get(60, TimeUnit.SECONDS);
        JobID job = rig.submit(2, null);
        CommonTestUtils.waitForAllTaskRunning(rig.cluster(), job, false);
        JobRig.await(() -> LiveMetrics.sum("consumed") >= 500);
        try (LiveReader plain = reader(null)) {
            assertThatThrownBy(() -> plain.open(ReadLevel.LIVE)).isInstanceOf(JobNotRunningException.class).hasMessageContaining("cannot be reached");
        }
        flink = tls;
        try (LiveReader reader = reader(null)) {
            assertThat(ask(reader, ReadLevel.LIVE).rows()).isEqualTo(sent().keySet());
        }
        rig.stop(job);
    }

    private LiveReader reader(String job) throws Exception {
        URI rest = rig.cluster().getRestAddress().get();
        return new LiveReader(FlinkJobDirectory.of(rest.getHost(), rest.getPort(), job), EndpointPool.of(flink),
                Duration.ofSeconds(1));
    }

    /** Asks again and again, on a thread of its own. */
    private final class Asking {
        private final List<Answer> answers = Collections.synchronizedList(new ArrayList<>());
        private final List<String> refused = new ArrayList<>();
        private final AtomicBoolean stopped = new AtomicBoolean();
        private final CompletableFuture<Void> done;

        Asking(LiveReader reader, ReadLevel level) {
            done = CompletableFuture.runAsync(() -> {
                do {
                    try {
                        answers.add(ask(reader, level));
                    } catch (JobNotRunningException | LiveException e) {
                        refused.add(e.getMessage());
                    } catch (Exception e) {
                        throw new IllegalStateException(e);
                    }
                } while (!stopped.get());
            }, task -> new Thread(task, "asks " + level).start());
        }

        /** However slow the machine is, answers are there before something is killed. */
        boolean isAnswered() {
            return !answers.isEmpty();
        }

        List<Answer> stop() throws Exception {
            stopped.set(true);
            done.get(60, TimeUnit.SECONDS);
            assertThat(answers).as("answers besides %s", refused).isNotEmpty();
            return answers;
        }
    }

    private static Answer ask(LiveReader reader, ReadLevel level) throws Exception {
        long atMs = System.currentTimeMillis();
        try (LiveRead read = reader.open(level)) {
            Set<String> rows = new HashSet<>();
            int[] hot = new int[1];
            StoredEvent stored = new StoredEvent();
            for (RecordType type : EventSchema.get().recordTypes()) {
                read.scan(LiveRead.Wanted.all(type), (bytes, offset, length) -> {
                    stored.wrap(Arrays.copyOfRange(bytes, offset, offset + length));
                    add(rows, stored.event(), stored.arrival(), "hot");
                    hot[0]++;
                    return true;
                });
            }
            for (DataFile file : read.files()) {
                if (EventSchema.get().findTable(file.table()) == null) {
                    continue;
                }
                try (TableReader cold = TableReader.open(FlinkInputFile.of(reader.archive().locate(file)))) {
                    for (ArchivedEvent row = cold.next(); row != null; row = cold.next()) {
                        add(rows, row.event(), new Arrival(row.ingestTimeNs(), row.topic(), row.partition(), row.offset()), file.path());
                    }
                }
            }
            return new Answer(read.level(), rows, hot[0], read.offsets(), atMs);
        }
    }

    private static void add(Set<String> rows, EventView event, Arrival arrival, String place) {
        String identity = EventIdentity.of(event, arrival.topic(), arrival.partition(), arrival.offset()).toString();
        assertThat(rows.add(identity)).as("%s is also %s", identity, place).isTrue();
    }

    /** None invented; at a checkpoint exactly the rows up to its offsets; live answers never lose a row again. */
    private void check(List<Answer> answers, boolean monotonic) throws Exception {
        Map<String, PartitionOffset> sent = sent();
        Set<String> before = Set.of();
        int checkpoints = 0;
        for (Answer answer : answers) {
            assertThat(sent.keySet()).as("%s: nothing is invented", answer.level()).containsAll(answer.rows());
            if (answer.level() instanceof ReadLevel.Live) {
                Set<String> lost = new HashSet<>(before);
                lost.removeAll(answer.rows());
                before = answer.rows();
                if (monotonic) {
                    assertThat(lost).as("rows that were there and are gone, live").isEmpty();
                }
                continue;
            }
            checkpoints++;
            Map<Integer, Long> upTo = new HashMap<>();
            answer.offsets().forEach(offset -> upTo.put(offset.partition(), offset.offset()));
            Set<String> expected = new HashSet<>();
            sent.forEach((identity, at) -> {
                if (at.offset() <= upTo.getOrDefault(at.partition(), -1L)) {
                    expected.add(identity);
                }
            });
            assertThat(answer.rows()).as("rows at %s, offsets %s", answer.level(), answer.offsets()).isEqualTo(expected);
        }
        assertThat(checkpoints).isPositive();
    }

    /** The events in Kafka that must be rows: identity and first position. */
    private Map<String, PartitionOffset> sent() throws Exception {
        Map<String, PartitionOffset> sent = new HashMap<>();
        Set<String> first = new HashSet<>();
        EventDecoder decoder = new EventDecoder();
        TopicReader.forEach(KafkaConnection.to(rig.brokers()), List.of("events"), record -> {
            Decoded decoded = decoder.decode(record.value());
            if (decoded.isAccepted()) {
                String identity = EventIdentity.of(decoder.event(), record.topic(), record.partition(), record.offset()).toString();
                if (first.add(identity)) {
                    sent.put(identity, new PartitionOffset(record.topic(), record.partition(), record.offset()));
                }
            }
        });
        return sent;
    }
}
