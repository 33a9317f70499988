package io.qaexchange.job.stream;

import io.qaexchange.archive.sink.ArchiveSink;
import io.qaexchange.archive.sink.FinishedFile;
import io.qaexchange.events.flink.DeadLetter;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.job.model.OperatorUids;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import io.qaexchange.job.stream.ledger.Ledger;
import io.qaexchange.job.stream.store.EventStoreOperatorFactory;
import io.qaexchange.kafka.DeadLetterSink;
import io.qaexchange.kafka.DecodeFunction;
import io.qaexchange.kafka.EventSource;
import io.qaexchange.kafka.KafkaMessage;
import java.util.Locale;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.core.fs.Path;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;

/**
 * The exchange job: Kafka, decoding, the event store keyed by instrument, the {@link Ledger}, the archive; refused messages go to the dead letters.
 *
 * <pre>
 *   kafka-source ─ decode ─► keyBy(route key) ─► event-store ─┬─► archive (writer, committer, manifest publisher)
 *                     │                              ├─► ledger ┘
 *                     └──────────────────────────────┴─────────► dead-letters
 * </pre>
 */
public final class ExchangeJob {

    private ExchangeJob() {
    }

    /**
     * Submits the job.
     *
     * @throws UsageException without a cause: Flink shows the innermost one, which knows neither the option nor its values
     */
    public static void main(String[] args) throws Exception {
        try {
            submit(args);
        } catch (UsageException e) {
            throw new UsageException(e.getMessage());
        }
    }

    private static void submit(String[] args) throws Exception {
        JobOptions options = JobCommand.parse(args);
        if (options == null) {
            return;
        }
        Configuration configuration = flinkConfiguration(options);
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.getExecutionEnvironment(configuration);
        build(environment, options);
        environment.execute(options.get(JobOptions.JOB_NAME));
    }

    /** Flink configuration for the options: state backend, checkpoints. */
    public static Configuration flinkConfiguration(JobOptions options) {
        Configuration configuration = new Configuration();
        configuration.set(StateBackendOptions.STATE_BACKEND, options.get(JobOptions.BACKEND).flinkType());
        configuration.set(CheckpointingOptions.CHECKPOINTING_INTERVAL, options.get(JobOptions.CHECKPOINT_INTERVAL));
        options.find(JobOptions.CHECKPOINTS)
                .ifPresent(folder -> configuration.set(CheckpointingOptions.CHECKPOINTS_DIRECTORY, JobOptions.folderUri(folder)));
        return configuration;
    }

    /**
     * Adds the job to an environment.
     *
     * @throws UsageException if options are missing or do not fit together
     */
    public static void build(StreamExecutionEnvironment environment, JobOptions options) {
        configure(environment, options);
        connect(environment.fromSource(EventSource.of(options.source()), WatermarkStrategy.noWatermarks(), "Kafka",
                new KafkaMessage.Serializer().typeInformation()).uid(OperatorUids.SOURCE), options);
    }

    /**
     * Applies the options to an environment, before a source is added.
     *
     * @throws UsageException if the environment does not fit the job
     */
    public static void configure(StreamExecutionEnvironment environment, JobOptions options) {
        if (environment.getCheckpointConfig().isUnalignedCheckpointsEnabled()) {
            throw new UsageException("unaligned checkpoints are not supported: finished files are passed between operators on one machine, and a "
                    + "checkpoint must not hold them in flight. Set execution.checkpointing.unaligned.enabled: false");
        }
        options.find(JobOptions.PARALLELISM).ifPresent(environment::setParallelism);
        environment.setMaxParallelism(options.get(JobOptions.MAX_PARALLELISM));
        // Records between operators of a chain are never changed, so nobody needs a copy.
        environment.getConfig().enableObjectReuse();
    }

    /**
     * Adds the job downstream of another source, which must keep the order of the messages of each route key.
     *
     * @throws UsageException as {@link #build}
     */
    public static void connect(DataStream<KafkaMessage> messages, JobOptions options) {
        SingleOutputStreamOperator<IncomingEvent> decoded = messages
                .process(new DecodeFunction())
                .returns(new IncomingEvent.Serializer().typeInformation())
                .uid(OperatorUids.DECODE).name("Decode");

        EventStoreOptions storeOptions = options.store();
        SingleOutputStreamOperator<FinishedFile> finished = decoded
                .keyBy(IncomingEvent::routeKey, Types.STRING)
                .transform("Event store", TypeInformation.of(FinishedFile.class), new EventStoreOperatorFactory(storeOptions, options.live(),
                        options.get(JobOptions.BACKEND).name().toLowerCase(Locale.ROOT), options.get(JobOptions.MAX_PARALLELISM)))
                .uid(OperatorUids.EVENT_STORE)
                .startNewChain();
        DataStream<FinishedFile> files = options.get(JobOptions.LEDGER_ENABLED)
                ? finished.union(Ledger.behind(finished, options.ledger())) : finished;

        files.sinkTo(new ArchiveSink(new Path(storeOptions.archive()), options.get(JobOptions.COMMIT_TIMEOUT)))
                .uid(OperatorUids.ARCHIVE).name("Archive").disableChaining();

        DataStream<DeadLetter> deadLetters = decoded.getSideOutput(DeadLetter.OUTPUT)
                .union(finished.getSideOutput(DeadLetter.OUTPUT));
        deadLetters.sinkTo(DeadLetterSink.of(options.deadLetters()))
                .uid(OperatorUids.DEAD_LETTERS).name("Dead letters");
    }
}
