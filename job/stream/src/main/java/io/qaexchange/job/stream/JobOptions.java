package io.qaexchange.job.stream;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.events.instruments.InstrumentsException;
import io.qaexchange.job.model.StateBackendChoice;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import io.qaexchange.job.stream.ledger.LedgerOptions;
import io.qaexchange.job.stream.live.LiveOptions;
import io.qaexchange.kafka.DeadLetterSink;
import io.qaexchange.kafka.EventSource;
import io.qaexchange.parquet.ParquetCompression;
import io.qaexchange.parquet.ParquetOptions;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import javax.annotation.Nullable;

/**
 * The options of the job, from its command line and one YAML file; the command line wins. Keys that begin with {@code kafka.} go to the
 * Kafka clients as they are; any other unknown key is an error.
 *
 * <p>Immutable.
 */
public final class JobOptions {

    public static final JobOption<String> BROKERS = JobOption.text("brokers", "127.0.0.1:9092", "host:port,…", "Bootstrap servers of Kafka.");
    public static final JobOption<List<String>> TOPICS = JobOption.list("topics", "events", "topic,…", "Topics to read, as one stream.");
    public static final JobOption<String> START = JobOption.text("start", "earliest", "earliest, latest or a time such as 2026-01-05T09:00:00Z",
            "Start position in Kafka if the job does not start from a checkpoint or savepoint.");
    public static final JobOption<Boolean> BOUNDED = JobOption.flag("bounded", "false",
            "Read up to the newest message at the start of the job, archive everything, then stop.");
    public static final JobOption<Duration> DISCOVERY_INTERVAL = JobOption.duration("partition-discovery-interval", "60 s",
            "Interval between checks for new partitions.");
    public static final JobOption<String> DEAD_LETTER_TOPIC = JobOption.text("dead-letter-topic", "dead-letters", "topic",
            "Where refused messages go, exactly once, with their reason; none of the topics that are read.");
    public static final JobOption<DeadLetterSink.OnFailure> DEAD_LETTERS_ON_FAILURE = JobOption.choice("dead-letters.on-failure", "continue",
            DeadLetterSink.OnFailure.class, "If the dead-letter topic is missing or does not take letters: continue counts them (deadLettersNotWritten), "
                    + "logs their positions and goes on, as the messages are still in their own topics and bad input must not stop an exchange; "
                    + "stop fails the job with the reason.");
    public static final JobOption<Duration> DEAD_LETTERS_TIMEOUT = JobOption.duration("dead-letters.timeout", "10 min",
            "How long Kafka may not take dead letters before dead-letters.on-failure applies; until then Flink restarts the job and nothing is lost.");
    public static final JobOption<String> JOB_NAME = JobOption.text("job-name", "exchange-job", "text",
            "Name of the job. It is also the prefix of transactional ids, so two jobs on one Kafka need different names.");
    public static final JobOption<String> ARCHIVE = JobOption.text("archive", null, "folder or URI",
            "Folder of the Parquet archive. Only one job may write to it.");
    public static final JobOption<String> CHECKPOINTS = JobOption.text("checkpoints", null, "folder or URI",
            "Folder of Flink's checkpoints. Default: Flink's execution.checkpointing.dir.");
    public static final JobOption<Duration> CHECKPOINT_INTERVAL = JobOption.duration("checkpoint-interval", "10 s",
            "Time between checkpoints. Longer: more messages are read again after a failure, and dead letters and archived files appear later. Shorter: more uploads.");
    public static final JobOption<StateBackendChoice> BACKEND = JobOption.choice("backend", "lsm", StateBackendChoice.class,
            "State backend for hot rows and the ledger.");
    public static final JobOption<Integer> PARALLELISM = JobOption.number("parallelism", null, 1, "Parallelism. Default: Flink's.");
    public static final JobOption<Integer> MAX_PARALLELISM = JobOption.number("max-parallelism", "128", 1,
            "Number of key groups: the upper limit of the parallelism. It cannot be changed for existing state.");
    public static final JobOption<Duration> MIN_AGE = JobOption.duration("min-age", "5 min",
            "Age at which events become eligible for archiving, measured against the newest event of the same instrument. If an instrument is idle for this long, all its events become eligible.");
    public static final JobOption<Duration> HOT_RETENTION = JobOption.duration("hot-retention", "24 h",
            "How long archived events stay hot, measured against the newest event of the same instrument. Events that arrive older than this are refused (too old).");
    public static final JobOption<Duration> MAX_FUTURE = JobOption.duration("max-future", "1 h",
            "How far an event time may be ahead of the wall clock. Events beyond are refused (bad time).");
    public static final JobOption<Duration> WINDOW = JobOption.duration("window", "1 h", "Window of event time. Its end closes a batch of Parquet files.");
    public static final JobOption<Long> BATCH_SIZE = JobOption.size("batch-size", "128 mb",
            "Eligible bytes of a subtask that close a batch before the window ends.");
    public static final JobOption<Long> MIN_BATCH_SIZE = JobOption.size("min-batch-size", "16 mb", "Minimum size of a batch. A window with less is archived together with the next.");
    public static final JobOption<Duration> MAX_WAIT = JobOption.duration("max-wait", "1 d", "Maximum time that a window below min-batch-size waits.");
    public static final JobOption<Duration> CHECK_INTERVAL = JobOption.duration("check-interval", "60 s",
            "Interval between checks for events that can be archived or dropped.");
    public static final JobOption<Duration> SLICE = JobOption.duration("archiving-slice", "2 ms",
            "Time slice of the task thread for archiving. Longer: files are written sooner, but ingestion pauses for longer. On the lsm backend another thread reads the rows, and a slice ends after 0.3 ms and what it is at then.");
    public static final JobOption<ParquetCompression> COMPRESSION = JobOption.choice("compression", "zstd",
            ParquetCompression.class, "Compression codec of the Parquet files.");
    public static final JobOption<Integer> ROW_GROUP_ROWS = JobOption.number("row-group-rows", "131072", 1, "Rows per Parquet row group. More compress better; fewer let queries skip more.");
    public static final JobOption<Duration> COMMIT_TIMEOUT = JobOption.duration("commit-timeout", "60 s",
            "How long the job waits for a committed file to appear in the archive before it fails.");
    public static final JobOption<String> INSTRUMENTS = JobOption.text("instruments", null, "file",
            "Instruments file (YAML): trading days and contract terms. Default: every instrument uses UTC and days that end at midnight.");
    public static final JobOption<Boolean> LEDGER_ENABLED = JobOption.flag("ledger.enabled", "true",
            "Whether to keep the ledger: orders, positions and accounts.");
    public static final JobOption<Duration> LEDGER_FILE_INTERVAL = JobOption.duration("ledger.file-interval", "10 min",
            "How long rows of the ledger tables wait before they are written to a Parquet file. Until then they are visible only through a checkpoint or savepoint.");

    public static final JobOption<Boolean> LIVE_ENABLED = JobOption.flag("live.enabled", "true",
            "Whether rows can be read while the job runs, by bin/serve; on the lsm backend only.");
    public static final JobOption<String> LIVE_PORTS = JobOption.text("live.ports", "0", "a port, a range such as 9300-9399, or 0 for any",
            "Ports of the read endpoints, one in each TaskManager.");
    public static final JobOption<Integer> LIVE_CHECKPOINTS = JobOption.number("live.checkpoints", "3", 0,
            "Completed Flink checkpoints whose rows stay readable.");

    /** All options, in the order of help. */
    public static final List<JobOption<?>> ALL = List.of(BROKERS, TOPICS, START, BOUNDED, DISCOVERY_INTERVAL, DEAD_LETTER_TOPIC,
            DEAD_LETTERS_ON_FAILURE, DEAD_LETTERS_TIMEOUT, JOB_NAME,
            ARCHIVE, CHECKPOINTS, CHECKPOINT_INTERVAL, BACKEND, PARALLELISM, MAX_PARALLELISM, MIN_AGE, HOT_RETENTION, MAX_FUTURE, WINDOW,
            BATCH_SIZE, MIN_BATCH_SIZE, MAX_WAIT, CHECK_INTERVAL, SLICE, COMPRESSION, ROW_GROUP_ROWS, COMMIT_TIMEOUT, INSTRUMENTS, LEDGER_ENABLED,
            LEDGER_FILE_INTERVAL, LIVE_ENABLED, LIVE_PORTS, LIVE_CHECKPOINTS);
    /** Prefix of keys for the Kafka clients. */
    public static final String KAFKA_PREFIX = "kafka.";

    /** A scheme, as in s3://bucket or file:/folder; a colon alone may stand in the name of a folder. */
    private static final Pattern REMOTE = Pattern.compile("^[A-Za-z][A-Za-z0-9+.-]+:/");

    private final Map<String, Object> values;
    private final Map<String, String> kafka;

    private JobOptions(Map<String, Object> values, Map<String, String> kafka) {
        this.values = values;
        this.kafka = Map.copyOf(kafka);
    }

    /**
     * Options from their texts.
     *
     * @param texts option name, or {@code kafka.…}, to value
     * @param where what the texts come from, for messages
     * @throws UsageException if a name is unknown or a value cannot be read
     */
    public static JobOptions of(Map<String, String> texts, String where) {
        Map<String, JobOption<?>> known = new HashMap<>();
        ALL.forEach(option -> known.put(option.name(), option));
        Map<String, Object> values = new HashMap<>();
        Map<String, String> kafka = new LinkedHashMap<>();
        for (JobOption<?> option : ALL) {
            if (option.defaultText() != null) {
                values.put(option.name(), option.parse(option.defaultText(), "default"));
            }
        }
        texts.forEach((name, text) -> {
            if (name.startsWith(KAFKA_PREFIX)) {
                kafka.put(name.substring(KAFKA_PREFIX.length()), text);
            } else if (known.containsKey(name)) {
                values.put(name, known.get(name).parse(text, where));
            } else {
                throw new UsageException(where + ": unknown option " + name + "; known are " + known.keySet().stream().sorted().toList()
                        + " and kafka.…");
            }
        });
        return new JobOptions(values, kafka);
    }

    /**
     * Reads the texts of a YAML file: a mapping of option names to values; below {@code kafka} may stand a mapping of its own.
     *
     * @throws UsageException if it cannot be read
     */
    public static Map<String, String> readYaml(Path file) {
        JsonNode root;
        try {
            root = new YAMLMapper().readTree(Files.readString(file));
        } catch (JsonProcessingException e) {
            throw new UsageException(file + ": line " + (e.getLocation() == null ? "?" : e.getLocation().getLineNr()) + ": "
                    + e.getOriginalMessage(), e);
        } catch (IOException e) {
            throw new UsageException(file + ": cannot be read: " + e.getMessage(), e);
        }
        Map<String, String> texts = new LinkedHashMap<>();
        if (root == null || root.isMissingNode() || root.isNull()) {
            return texts;
        }
        if (!root.isObject()) {
            throw new UsageException(file + ": expected a mapping of option names to values");
        }
        flatten(file, "", root, texts);
        return texts;
    }

    private static void flatten(Path file, String prefix, JsonNode node, Map<String, String> texts) {
        for (Iterator<Map.Entry<String, JsonNode>> fields = node.fields(); fields.hasNext();) {
            Map.Entry<String, JsonNode> field = fields.next();
            String name = prefix + field.getKey();
            JsonNode value = field.getValue();
            if (value.isObject()) {
                flatten(file, name + ".", value, texts);
            } else if (value.isArray()) {
                List<String> parts = new ArrayList<>();
                value.forEach(part -> parts.add(part.asText()));
                texts.put(name, String.join(",", parts));
            } else if (value.isNull()) {
                throw new UsageException(file + ": " + name + " has no value");
            } else {
                texts.put(name, value.asText());
            }
        }
    }

    /** The value of an option that has a default. */
    @SuppressWarnings("unchecked")
    public <T> T get(JobOption<T> option) {
        T value = (T) values.get(option.name());
        if (value == null) {
            throw new UsageException("option " + option.name() + " is missing: " + option.description());
        }
        return value;
    }

    /** The value of an option, empty if it is not set. */
    @SuppressWarnings("unchecked")
    public <T> Optional<T> find(JobOption<T> option) {
        return Optional.ofNullable((T) values.get(option.name()));
    }

    /** Settings that are passed to the Kafka clients. */
    public Map<String, String> kafka() {
        return kafka;
    }

    /** Options of the source. */
    EventSource.Options source() {
        Map<String, String> properties = new HashMap<>(kafka);
        properties.putIfAbsent("partition.discovery.interval.ms", Long.toString(get(DISCOVERY_INTERVAL).toMillis()));
        return new EventSource.Options(get(BROKERS), get(TOPICS), start(), get(BOUNDED), properties);
    }

    /** Options of the dead letters. */
    DeadLetterSink.Options deadLetters() {
        if (get(TOPICS).contains(get(DEAD_LETTER_TOPIC))) {
            throw new UsageException("options: " + get(DEAD_LETTER_TOPIC) + " is the dead-letter topic and also read: the job would refuse its own dead letters "
                    + "for ever. Give another dead-letter-topic");
        }
        return new DeadLetterSink.Options(get(BROKERS), get(DEAD_LETTER_TOPIC), get(JOB_NAME) + "-dead-letters", get(DEAD_LETTERS_ON_FAILURE),
                get(DEAD_LETTERS_TIMEOUT), kafka);
    }

    private EventSource.Start start() {
        String start = get(START);
        try {
            return switch (start) {
                case "earliest" -> new EventSource.Start.Earliest();
                case "latest" -> new EventSource.Start.Latest();
                default -> new EventSource.Start.Timestamp(Instant.parse(start).toEpochMilli());
            };
        } catch (DateTimeParseException e) {
            throw new UsageException("option start: \"" + start + "\" is not " + START.unit(), e);
        }
    }

    /** Options of the event store. */
    EventStoreOptions store() {
        try {
            return new EventStoreOptions(folderUri(get(ARCHIVE)), get(MIN_AGE), get(HOT_RETENTION), get(MAX_FUTURE), get(WINDOW),
                    get(BATCH_SIZE), get(MIN_BATCH_SIZE), get(MAX_WAIT), get(CHECK_INTERVAL), get(SLICE),
                    new ParquetOptions(get(COMPRESSION), get(ROW_GROUP_ROWS)), instruments(find(INSTRUMENTS).orElse(null)));
        } catch (IllegalArgumentException e) {
            throw new UsageException("options: " + e.getMessage(), e);
        }
    }

    /** Options of live reads. */
    LiveOptions live() {
        return new LiveOptions(get(LIVE_ENABLED), get(LIVE_PORTS), get(LIVE_CHECKPOINTS));
    }

    /** Options of the ledger. */
    LedgerOptions ledger() {
        return new LedgerOptions(instruments(find(INSTRUMENTS).orElse(null)), get(LEDGER_FILE_INTERVAL), LedgerOptions.FILE_ROWS,
                new ParquetOptions(get(COMPRESSION), get(ROW_GROUP_ROWS)));
    }

    /** The instruments of that file; the built-in default if there is none. */
    public static Instruments instruments(@Nullable String file) {
        try {
            return file == null ? Instruments.defaults() : Instruments.load(Path.of(file));
        } catch (InstrumentsException e) {
            throw new UsageException(e.getMessage(), e);
        }
    }

    /**
     * A folder as Flink takes it: what has no scheme is a local path. Flink does not read escapes in such texts, so there are none: with
     * {@code %20} for a space it would make another folder.
     *
     * @throws UsageException if Flink cannot name the folder
     */
    public static String folderUri(String folder) {
        return REMOTE.matcher(folder).find() ? folder : folderUri(Path.of(folder));
    }

    /** A local folder as Flink takes it. */
    public static String folderUri(Path folder) {
        String path = folder.toAbsolutePath().normalize().toString();
        if (File.separatorChar == '/' && path.indexOf('\\') >= 0) {
            throw new UsageException("folder " + path + " has a backslash in its name, which Flink takes for a slash: rename it");
        }
        return "file:" + path;
    }
}
