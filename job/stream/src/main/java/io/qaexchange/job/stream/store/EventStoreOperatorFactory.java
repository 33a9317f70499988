package io.qaexchange.job.stream.store;

import io.qaexchange.archive.sink.FinishedFile;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.job.stream.hot.EventStoreOptions;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.api.operators.legacy.YieldingOperatorFactory;
import org.apache.flink.util.OutputTag;

/** Makes the event store operator. */
public final class EventStoreOperatorFactory extends AbstractStreamOperatorFactory<FinishedFile>
        implements OneInputStreamOperatorFactory<IncomingEvent, FinishedFile>, YieldingOperatorFactory<FinishedFile> {

    private static final long serialVersionUID = 1L;

    /** Side output of every event that was stored, once, in the order of its route key. */
    public static final OutputTag<IncomingEvent> STORED = new OutputTag<>("stored-events", new IncomingEvent.Serializer().typeInformation());

    private final EventStoreOptions options;

    public EventStoreOperatorFactory(EventStoreOptions options) {
        this.options = options;
    }

    @Override
    @SuppressWarnings("unchecked")
    public <T extends StreamOperator<FinishedFile>> T createStreamOperator(StreamOperatorParameters<FinishedFile> parameters) {
        return (T) new EventStoreOperator(parameters, getMailboxExecutor(), options);
    }

    @Override
    @SuppressWarnings("rawtypes")
    public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
        return EventStoreOperator.class;
    }
}
