package io.qaexchange.job.stream.store;

import io.qaexchange.archive.sink.FinishedFile;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import io.qaexchange.job.stream.live.LiveCoordinators;
import io.qaexchange.job.stream.live.LiveOptions;
import org.apache.flink.runtime.jobgraph.OperatorID;
import org.apache.flink.runtime.operators.coordination.OperatorCoordinator;
import org.apache.flink.runtime.operators.coordination.OperatorEventGateway;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.CoordinatedOperatorFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.operators.legacy.YieldingOperatorFactory;
import org.apache.flink.util.OutputTag;

/** Makes the event store's operators, and the coordinator that tells readers where they are. */
public final class EventStoreOperatorFactory extends AbstractStreamOperatorFactory<FinishedFile>
        implements OneInputStreamOperatorFactory<IncomingEvent, FinishedFile>, CoordinatedOperatorFactory<FinishedFile>,
        YieldingOperatorFactory<FinishedFile> {

    private static final long serialVersionUID = 1L;

    /** Side output of every event that was stored, once, in the order of its route key. */
    public static final OutputTag<IncomingEvent> STORED = new OutputTag<>("stored-events", new IncomingEvent.Serializer().typeInformation());

    private final EventStoreOptions options;
    private final LiveOptions live;
    private final String backend;
    private final int maxParallelism;

    /** An event store that cannot be read while it runs. */
    public EventStoreOperatorFactory(EventStoreOptions options) {
        this(options, LiveOptions.DISABLED, "", 0);
    }

    /**
     * An event store.
     *
     * @param backend name of the state backend, for readers
     * @param maxParallelism key groups of the job
     */
    public EventStoreOperatorFactory(EventStoreOptions options, LiveOptions live, String backend, int maxParallelism) {
        this.options = options;
        this.live = live;
        this.backend = backend;
        this.maxParallelism = maxParallelism;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T extends StreamOperator<FinishedFile>> T createStreamOperator(StreamOperatorParameters<FinishedFile> parameters) {
        OperatorEventGateway coordinator = live.enabled()
                ? parameters.getOperatorEventDispatcher().getOperatorEventGateway(parameters.getStreamConfig().getOperatorID()) : null;
        return (T) new EventStoreOperator(parameters, getMailboxExecutor(), options, live, coordinator);
    }

    @Override
    public OperatorCoordinator.Provider getCoordinatorProvider(String operatorName, OperatorID operatorId) {
        return LiveCoordinators.provider(operatorId, options.archive(), options.instruments(), backend, maxParallelism);
    }

    @Override
    @SuppressWarnings("rawtypes")
    public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
        return EventStoreOperator.class;
    }
}
