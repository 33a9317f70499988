package io.qaexchange.job.stream.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.compaction.ArchiveCompaction;
import io.qaexchange.archive.compaction.CompactionOptions;
import io.qaexchange.archive.compaction.CompactionReport;
import io.qaexchange.archive.erasure.ArchiveErasure;
import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.RetiredFile;
import io.qaexchange.archive.manifest.Sha256;
import io.qaexchange.archive.retention.ArchiveRetention;
import io.qaexchange.archive.retention.RetentionPolicy;
import io.qaexchange.archive.retention.RetentionReport;
import io.qaexchange.archive.retention.RetentionStages;
import io.qaexchange.archive.sink.FinishedFile;
import io.qaexchange.archive.tier.ArchiveFetch;
import io.qaexchange.archive.tier.ArchiveTiers;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.archive.tier.ColdFiles;
import io.qaexchange.archive.tier.TierCache;
import io.qaexchange.archive.tier.TierReport;
import io.qaexchange.events.Arrival;
import io.qaexchange.events.Decoded;
import io.qaexchange.events.EventDecoder;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.Utf8View;
import io.qaexchange.events.flink.DeadLetter;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.query.hot.EventStoreReader;
import io.qaexchange.job.stream.archive.ArchiveFolder;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import io.qaexchange.parquet.ArchivedEvent;
import io.qaexchange.parquet.EventFileFooter;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.ParquetCompression;
import io.qaexchange.parquet.ParquetOptions;
import io.qaexchange.parquet.TableReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.mailbox.TaskMailbox;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.util.FileUtils;

/**
 * The event store between a fake source and a fake sink, driven step by step: messages go in, checkpoints complete or not, files are
 * committed and published, tasks die, jobs are restored at another parallelism or from an older checkpoint. What Flink and the real sink
 * guarantee is done here by hand; the operator, the readers and the manifest are the real ones.
 */
final class UnionReadRig implements AutoCloseable {

    static final int MAX_PARALLELISM = 16;
    private static final String TOPIC = "events";

    /** A completed checkpoint: everything a job can be restored from; its uncommitted files by the checkpoint that holds their hand-over first. */
    record Checkpoint(long id, int position, int parallelism, OperatorSubtaskState state, Map<Long, List<FinishedFile>> uncommitted, String epoch,
            Map<String, byte[]> expected) {
    }

    private final Path folder;
    private final EventStoreOptions options;
    private final StateBackend backend;
    private final List<byte[]> messages;
    private final ManifestStore store;
    private final Instruments instruments = Instruments.defaults();
    private final EventDecoder decoder = new EventDecoder();
    private final List<KeyedOneInputStreamOperatorTestHarness<String, IncomingEvent, FinishedFile>> tasks = new ArrayList<>();

    private long nowMs = 1_800_000_000_000L;
    private long lastCheckpointId;
    private int position;
    private int runs;
    private String epoch;
    private ArchiveManifest manifest = ArchiveManifest.EMPTY;
    private final TierCache cache;
    private List<FinishedFile> emitted = new ArrayList<>();
    private final TreeMap<Long, List<FinishedFile>> committable = new TreeMap<>();
    /** Identity to message of everything that must be a row. */
    private Map<String, byte[]> expected = new HashMap<>();
    private final List<Erasure> erasures = new ArrayList<>();
    private final List<DeadLetter> deadLetters = new ArrayList<>();
    /** As in the JobManager: knows the files that a checkpoint has in common with former ones. */
    private final SharedStateRegistry sharedFiles = new SharedStateRegistryImpl();
    /** The files that killed tasks leave, as on a real machine. */
    private final Set<Path> temporaryFolders = new HashSet<>();

    UnionReadRig(Path folder, List<byte[]> messages, StateBackend backend, Duration hotRetention) {
        this.folder = folder;
        this.messages = messages;
        this.backend = backend;
        this.options = new EventStoreOptions(folder.resolve("archive").toUri().toString(), Duration.ofMinutes(5), hotRetention,
                Duration.ofHours(1), Duration.ofHours(1), 128 << 20, 1, Duration.ofDays(1), Duration.ofSeconds(60),
                Duration.ofNanos(1), new ParquetOptions(ParquetCompression.SNAPPY, 500), instruments);
        this.store = ManifestStore.of(new org.apache.flink.core.fs.Path(options.archive()));
        this.cache = new TierCache(folder.resolve("cache"), 64 << 20);
    }

    /** Starts a job without state. */
    void start(int parallelism) throws Exception {
        begin(parallelism, null);
    }

    /** Kills the job and restores it. */
    void restore(Checkpoint checkpoint, int parallelism) throws Exception {
        kill();
        begin(parallelism, checkpoint);
    }

    private void begin(int parallelism, Checkpoint checkpoint) throws Exception {
        runs++;
        position = checkpoint == null ? 0 : checkpoint.position();
        expected = checkpoint == null ? new HashMap<>() : new HashMap<>(checkpoint.expected());
        emitted = new ArrayList<>();
        committable.clear();
        long restoredId = checkpoint == null ? 0 : checkpoint.id();
        lastCheckpointId = Math.max(lastCheckpointId, restoredId);
        String parent = checkpoint == null ? null : checkpoint.epoch();
        beginEpoch(new ArchiveEpoch(ArchiveEpoch.idOf("job" + runs, restoredId), parent, restoredId, "job" + runs, nowMs));
        if (checkpoint != null) {
            for (Map.Entry<Long, List<FinishedFile>> files : checkpoint.uncommitted().entrySet()) {
                publish(files.getValue(), checkpoint.epoch(), files.getKey());
            }
        }
        for (int subtask = 0; subtask < parallelism; subtask++) {
            var task = new KeyedOneInputStreamOperatorTestHarness<>(new EventStoreOperatorFactory(options), IncomingEvent::routeKey,
                    Types.STRING, MAX_PARALLELISM, parallelism, subtask);
            task.setStateBackend(backend);
            task.setup();
            task.setProcessingTime(nowMs);
            if (checkpoint != null) {
                task.setRestoredCheckpointId(restoredId);
                task.initializeState(AbstractStreamOperatorTestHarness.repartitionOperatorState(checkpoint.state(), MAX_PARALLELISM,
                        checkpoint.parallelism(), parallelism, subtask));
            }
            task.open();
            tasks.add(task);
            temporaryFolders.add(ArchiveFolder.ofJob(Path.of(task.getEnvironment().getTaskManagerInfo().getTmpDirectories()[0]),
                    task.getEnvironment().getJobID().toHexString()));
        }
    }

    /** Feeds the next messages. */
    void feed(int count) throws Exception {
        for (int end = Math.min(messages.size(), position + count); position < end; position++) {
            byte[] message = messages.get(position);
            Decoded decoded = decoder.decode(message);
            if (!decoded.isAccepted()) {
                continue;
            }
            EventView event = decoder.event();
            Arrival arrival = new Arrival(nowMs * 1_000_000L, TOPIC, 0, position);
            IncomingEvent incoming = new IncomingEvent(event.routeKey(), EventIdentity.key(event, arrival), decoded.event(), arrival);
            expected.putIfAbsent(identity(event, arrival), decoded.event());
            int subtask = KeyGroupRangeAssignment.assignKeyToParallelOperator(incoming.routeKey(), MAX_PARALLELISM, tasks.size());
            tasks.get(subtask).processElement(new StreamRecord<>(incoming));
        }
        collect();
    }

    /** Lets wall time pass, with what the operator does then. */
    void pass(Duration time) throws Exception {
        nowMs += time.toMillis();
        for (var task : tasks) {
            task.setProcessingTime(nowMs);
            runMails(task);
        }
        collect();
    }

    /** Lets wall time pass, and waits for no other thread. */
    void passWithoutWaiting(Duration time) throws Exception {
        nowMs += time.toMillis();
        for (var task : tasks) {
            task.setProcessingTime(nowMs);
            while (task.getTaskMailbox().hasMail()) {
                task.getTaskMailbox().take(TaskMailbox.MIN_PRIORITY).run();
            }
        }
        collect();
    }

    /** Lets slices run until no archiving is left to do. */
    void archiveAll() throws Exception {
        for (int i = 0; i < 20_000 && isArchiving(); i++) {
            pass(Duration.ofMillis(2));
        }
        assertThat(isArchiving()).as("archiving ends").isFalse();
    }

    private boolean isArchiving() {
        return tasks.stream().anyMatch(task -> ((EventStoreOperator) task.getOperator()).isArchiving());
    }

    /** Takes a checkpoint that completes, but of which nobody is told yet. */
    Checkpoint checkpoint() throws Exception {
        long id = ++lastCheckpointId;
        committable.put(id, emitted);
        emitted = new ArrayList<>();
        OperatorSubtaskState[] states = new OperatorSubtaskState[tasks.size()];
        for (int i = 0; i < states.length; i++) {
            states[i] = tasks.get(i).snapshot(id, nowMs);
            states[i].registerSharedStates(sharedFiles, id);
        }
        Map<Long, List<FinishedFile>> uncommitted = new TreeMap<>();
        for (Map.Entry<Long, List<FinishedFile>> files : committable.entrySet()) {
            for (FinishedFile file : files.getValue()) {
                uncommitted.computeIfAbsent(files.getKey(), checkpointId -> new ArrayList<>()).add(copied(file));
            }
        }
        return new Checkpoint(id, position, states.length, AbstractStreamOperatorTestHarness.repackageState(states), uncommitted, epoch,
                new HashMap<>(expected));
    }

    /** Tells the sink that a checkpoint is complete: its files are committed and published. */
    void complete(Checkpoint checkpoint) throws Exception {
        for (var due : new TreeMap<>(committable.headMap(checkpoint.id(), true)).entrySet()) {
            publish(due.getValue(), epoch, due.getKey());
            committable.remove(due.getKey());
        }
    }

    /** End of input. */
    void end() throws Exception {
        for (var task : tasks) {
            task.endInput();
        }
        collect();
    }

    /** Checks that hot rows and files as of a checkpoint are what was fed up to it, each row once. */
    void verify(Checkpoint checkpoint) throws Exception {
        List<DataFile> files = manifest.filesAsOf(checkpoint.epoch(), checkpoint.id());
        Set<String> published = manifest.notHot(files);
        Map<String, byte[]> found = new HashMap<>();
        ColdFiles coldFiles = ColdFiles.of(store, manifest, cache);
        for (DataFile file : files) {
            try (ColdFile cold = coldFiles.open(file); TableReader reader = TableReader.open(FlinkInputFile.of(cold.path()))) {
                for (ArchivedEvent row = reader.next(); row != null; row = reader.next()) {
                    found(found, row.event(), new Arrival(row.ingestTimeNs(), row.topic(), row.partition(), row.offset()), file.path());
                }
            }
        }
        List<KeyedStateHandle> handles = new ArrayList<>(checkpoint.state().getManagedKeyedState());
        new EventStoreReader(handles, MAX_PARALLELISM).forEachHotRow(published, instruments,
                (routeKey, row) -> found(found, row.event(), row.arrival(), "hot"));
        assertThat(checkpoint.expected().keySet()).as("rows as of checkpoint %d", checkpoint.id()).containsAll(found.keySet());
        checkpoint.expected().forEach((identity, event) -> {
            if (!found.containsKey(identity)) {
                assertThat(isErased(event)).as("%s is missing as of checkpoint %d", identity, checkpoint.id()).isTrue();
            }
        });
    }

    /**
     * Erases the rows of an instrument or an account from the archive, and looks that no file has one.
     *
     * @return rows that were erased
     */
    long erase(String account, String instrument) throws IOException {
        Clock clock = Clock.fixed(Instant.ofEpochMilli(nowMs), ZoneOffset.UTC);
        Erasure request = new Erasure("e" + erasures.size(), account, instrument, null, null, "9999-12-31", "test", 0, 0, 0, 0);
        erasures.add(request);
        return repeat(request, clock);
    }

    /** Erases again what came into the archive since. */
    void repeatErasures() throws IOException {
        for (Erasure erasure : erasures) {
            repeat(erasure, Clock.fixed(Instant.ofEpochMilli(nowMs), ZoneOffset.UTC));
        }
    }

    private long repeat(Erasure request, Clock clock) throws IOException {
        long rows = new ArchiveErasure(store, Files.createDirectories(folder.resolve("erasure")), cache, clock).run(request).rows();
        RetentionReport gone = new ArchiveRetention(store, new RetentionPolicy(RetentionStages.KEEP, Map.of()), Duration.ofDays(7), List.of(), clock).runErased();
        assertThat(gone.waiting()).isEmpty();
        assertThat(gone.notes()).isEmpty();
        manifest = store.latest();
        assertThat(manifest.retired()).noneMatch(file -> file.reason() == RetiredFile.Reason.ERASED);
        assertThat(new ArchiveErasure(store, folder.resolve("erasure"), cache, clock).plan(request).files()).as("files with erased rows").isEmpty();
        for (DataFile file : manifest.files()) {
            try (ColdFile cold = ColdFiles.of(store, manifest, cache).open(file); TableReader reader = TableReader.open(FlinkInputFile.of(cold.path()))) {
                for (ArchivedEvent row = reader.next(); row != null; row = reader.next()) {
                    assertThat(covers(request, row.event())).as("a row of %s in %s", request.subject(), file.path()).isFalse();
                }
            }
        }
        return rows;
    }

    /** Whether an erasure took a row, or would have if it was in the archive. */
    boolean isErased(byte[] message) {
        EventView event = new EventView();
        event.wrap(message);
        return erasures.stream().anyMatch(erasure -> covers(erasure, event));
    }

    private static boolean covers(Erasure erasure, EventView event) {
        Field account = event.recordType().findField("account");
        return erasure.covers(event.recordType().table(), "2026-01-01", account == null ? null : event.getText(account, new Utf8View()).toString(),
                event.hasInstrument() ? event.routeKey() : null);
    }

    /** The account of a random message that has one, or its instrument. */
    String[] someSubject(Random random) {
        boolean byAccount = random.nextBoolean();
        while (true) {
            Decoded decoded = decoder.decode(messages.get(random.nextInt(messages.size())));
            if (decoded.isAccepted()) {
                EventView event = new EventView();
                event.wrap(decoded.event());
                Field account = event.recordType().findField("account");
                String name = account == null ? "" : event.getText(account, new Utf8View()).toString();
                if (byAccount ? !name.isEmpty() : event.hasInstrument()) {
                    return byAccount ? new String[] {name, null} : new String[] {null, event.routeKey()};
                }
            }
        }
    }

    /** As {@link #verify}, unless the archive has gone on from an earlier point than the checkpoint. */
    void verifyIfInHistory(Checkpoint checkpoint) throws Exception {
        try {
            manifest.filesAsOf(checkpoint.epoch(), checkpoint.id());
        } catch (IllegalArgumentException e) {
            assertThat(e).hasMessageContaining("is not in the history");
            return;
        }
        verify(checkpoint);
    }

    private void found(Map<String, byte[]> found, EventView event, Arrival arrival, String place) {
        String identity = identity(event, arrival);
        assertThat(found.put(identity, event.toByteArray())).as("%s is also %s", identity, place).isNull();
    }

    private static String identity(EventView event, Arrival arrival) {
        return EventIdentity.of(event, arrival.topic(), arrival.partition(), arrival.offset()).toString();
    }

    /** Rows that are physically in the state, dropped ones left out, however they are seen. */
    long rowsInState(Checkpoint checkpoint) throws Exception {
        long[] rows = new long[1];
        new EventStoreReader(new ArrayList<>(checkpoint.state().getManagedKeyedState()), MAX_PARALLELISM)
                .forEachStoredRow((routeKey, row) -> rows[0]++);
        return rows[0];
    }

    /** Files handed over since the last checkpoint. */
    List<FinishedFile> emitted() {
        return emitted;
    }

    ArchiveManifest manifest() {
        return manifest;
    }

    int position() {
        return position;
    }

    int parallelism() {
        return tasks.size();
    }

    /** Letters of all runs, also those that a restore took back. */
    List<DeadLetter> deadLetters() {
        return deadLetters;
    }

    Map<String, InstrumentState> instruments(Checkpoint checkpoint) throws Exception {
        return new EventStoreReader(new ArrayList<>(checkpoint.state().getManagedKeyedState()), MAX_PARALLELISM).instruments();
    }

    ManifestStore store() {
        return store;
    }

    @Override
    public void close() throws Exception {
        kill();
        for (Path temporary : temporaryFolders) {
            FileUtils.deleteDirectory(temporary.toFile());
        }
    }

    /** Ends the tasks; what they handed over may still be copied. */
    void kill() throws Exception {
        for (var task : tasks) {
            task.close();
        }
        tasks.clear();
    }

    private void beginEpoch(ArchiveEpoch next) throws IOException {
        ArchiveManifest latest = store.latest();
        manifest = latest.beginEpoch(next);
        Map<String, RemoteCopy> copies = manifest.remoteByBatch();
        for (DataFile file : manifest.files()) {
            if (latest.superseded().contains(file) && hasLocalFile(copies, file)) {
                move(store.locateSuperseded(file), store.locate(file));
            }
        }
        for (DataFile file : manifest.superseded()) {
            if (!latest.superseded().contains(file) && hasLocalFile(copies, file)) {
                move(store.locate(file), store.locateSuperseded(file));
            }
        }
        assertThat(store.publish(manifest)).isTrue();
        epoch = next.id();
    }

    private static boolean hasLocalFile(Map<String, RemoteCopy> copies, DataFile file) {
        return !copies.containsKey(file.batchId()) || copies.get(file.batchId()).hasLocalFile();
    }

    private static void move(org.apache.flink.core.fs.Path source, org.apache.flink.core.fs.Path target) throws IOException {
        Path to = Path.of(target.toUri());
        Files.createDirectories(to.getParent());
        Files.move(Path.of(source.toUri()), to);
    }

    /** Takes an element as the sink's writer does: the file is its own from here on. */
    private FinishedFile copied(FinishedFile file) throws IOException {
        Path own = folder.resolve("sink").resolve(file.batchId());
        if (!Files.exists(own)) {
            Files.createDirectories(own.getParent());
            Files.copy(Path.of(file.localPath()), own);
        }
        return new FinishedFile(file.batchId(), file.table(), file.tradingDay(), own.toString(), file.lengthBytes());
    }

    /** Compacts the archive beside the job; gives the number of files that became larger ones. */
    int compact(long targetBytes) throws IOException {
        Path temporary = Files.createDirectories(folder.resolve("compaction"));
        CompactionReport report = new ArchiveCompaction(store, new CompactionOptions(targetBytes, 256, options.parquet()), temporary,
                Clock.fixed(Instant.ofEpochMilli(nowMs), ZoneOffset.UTC)).run(file -> true, file -> { });
        assertThat(report.left()).isEmpty();
        manifest = store.latest();
        return report.filesBefore();
    }

    /**
     * Copies files to another disk, and lets local files go whose grace time is over; gives the number of local files that went.
     *
     * @param grace how long they stay
     */
    int tier(Duration grace) throws IOException {
        Path other = Files.createDirectories(folder.resolve("other-disk"));
        // All files are of one trading day, which is never old.
        RetentionPolicy policy = new RetentionPolicy(RetentionStages.KEEP, Map.of()) {
            @Override
            public List<DataFile> toCopy(ArchiveManifest latest, Instant now) {
                return latest.files();
            }

            @Override
            public List<DataFile> toLeaveLocalDisk(ArchiveManifest latest, Instant now) {
                return latest.files();
            }
        };
        TierReport report = new ArchiveTiers(store, policy, "file://" + other, grace, List.of(),
                Clock.fixed(Instant.ofEpochMilli(nowMs), ZoneOffset.UTC)).run();
        assertThat(report.problems()).isEmpty();
        manifest = store.latest();
        return report.deleted().size();
    }

    /** Brings all local files back. */
    void fetch() throws IOException {
        assertThat(new ArchiveFetch(store, Clock.fixed(Instant.ofEpochMilli(nowMs), ZoneOffset.UTC)).run(file -> true, Duration.ofMinutes(1)).problems())
                .isEmpty();
        manifest = store.latest();
    }

    private void publish(List<FinishedFile> files, String epochOfFiles, long checkpointId) throws IOException {
        List<DataFile> added = new ArrayList<>();
        for (FinishedFile file : files) {
            FinishedFile own = copied(file);
            String path = file.bucket() + "/part-" + file.batchId() + ".parquet";
            Path target = Path.of(store.root().toUri()).resolve(path);
            Files.createDirectories(target.getParent());
            if (!Files.exists(target)) {
                Files.copy(Path.of(own.localPath()), target);
            }
            EventFileFooter footer = EventFileFooter.read(FlinkInputFile.of(new org.apache.flink.core.fs.Path(target.toUri())));
            added.add(new DataFile(footer.batchId(), footer.table(), footer.tradingDay(), path, Files.size(target), footer.rows(),
                    footer.rawBytes(), footer.minEventTimeNs(), footer.maxEventTimeNs(), epochOfFiles, checkpointId, footer.minInstrument(), footer.maxInstrument(), footer.subtask(), footer.ordinal(),
                    Sha256.of(new org.apache.flink.core.fs.Path(target.toUri())), null));
        }
        ArchiveManifest next = manifest.withFiles(added);
        if (next != manifest) {
            assertThat(store.publish(next)).isTrue();
            manifest = next;
        }
    }

    private void collect() {
        for (var task : tasks) {
            for (Object output = task.getOutput().poll(); output != null; output = task.getOutput().poll()) {
                emitted.add((FinishedFile) ((StreamRecord<?>) output).getValue());
            }
            var letters = task.getSideOutput(DeadLetter.OUTPUT);
            for (var letter = letters == null ? null : letters.poll(); letter != null; letter = letters.poll()) {
                deadLetters.add(letter.getValue());
            }
        }
    }

    /** Runs what background work sends to the task thread, until none is under way. */
    private static void runMails(KeyedOneInputStreamOperatorTestHarness<String, IncomingEvent, FinishedFile> task) throws Exception {
        EventStoreOperator operator = (EventStoreOperator) task.getOperator();
        TaskMailbox mailbox = task.getTaskMailbox();
        while (mailbox.hasMail() || operator.isWaitingForBackground()) {
            mailbox.take(TaskMailbox.MIN_PRIORITY).run();
        }
    }
}
