package io.qaexchange.kafka;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.Decoded;
import io.qaexchange.events.EventDecoder;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.RejectionReason;
import io.qaexchange.events.TextPool;
import io.qaexchange.events.flink.DeadLetter;
import io.qaexchange.events.flink.DecodeState;
import io.qaexchange.events.flink.IncomingEvent;
import java.time.Clock;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.functions.ProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Decodes Kafka messages into events. Messages that cannot be decoded are sent to {@link DeadLetter#OUTPUT} with the reason; a bad message never
 * fails the job.
 *
 * <p>Counts consumed and refused messages, in metrics and in state, so totals survive restarts.
 */
public final class DecodeFunction extends ProcessFunction<KafkaMessage, IncomingEvent> implements CheckpointedFunction {

    private static final long serialVersionUID = 1L;

    private static final int POOLED_ROUTE_KEYS = 8192;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private transient Clock clock;
    private transient EventDecoder decoder;
    private transient TextPool routeKeys;
    private transient long consumed;
    private transient long refused;
    private transient Map<RejectionReason, Counter> byReason;
    private transient ListState<Long> consumedState;
    private transient ListState<Long> refusedState;

    @Override
    public void initializeState(FunctionInitializationContext context) throws Exception {
        consumedState = context.getOperatorStateStore().getListState(new ListStateDescriptor<>(DecodeState.CONSUMED, Types.LONG));
        refusedState = context.getOperatorStateStore().getListState(new ListStateDescriptor<>(DecodeState.REFUSED, Types.LONG));
        consumed = sum(consumedState);
        refused = sum(refusedState);
    }

    @Override
    public void snapshotState(FunctionSnapshotContext context) throws Exception {
        consumedState.update(List.of(consumed));
        refusedState.update(List.of(refused));
    }

    @Override
    public void open(OpenContext context) {
        clock = Clock.systemUTC();
        decoder = new EventDecoder();
        routeKeys = new TextPool(POOLED_ROUTE_KEYS);
        MetricGroup metrics = getRuntimeContext().getMetricGroup();
        metrics.gauge("consumed", () -> consumed);
        metrics.gauge("refused", () -> refused);
        byReason = new EnumMap<>(RejectionReason.class);
        for (RejectionReason reason : RejectionReason.values()) {
            byReason.put(reason, metrics.addGroup("reason", reason.label()).counter("refusedByReason"));
        }
        metrics.gauge("unknownJsonKeys", () -> decoder.unknownKeys());
    }

    @Override
    public void processElement(KafkaMessage message, Context context, Collector<IncomingEvent> out) {
        consumed++;
        Decoded decoded = decoder.decode(message.value());
        if (!decoded.isAccepted()) {
            refused++;
            byReason.get(decoded.rejection().reason()).inc();
            context.output(DeadLetter.OUTPUT, new DeadLetter(message.topic(), message.partition(), message.offset(),
                    decoded.rejection().reason().label(), decoded.rejection().detail(), message.value(), message.origin()));
            return;
        }
        EventView event = decoder.event();
        Arrival arrival = new Arrival(nowNs(), message.topic(), message.partition(), message.offset());
        out.collect(new IncomingEvent(event.routeKey(routeKeys), EventIdentity.key(event, arrival), decoded.event(), arrival, message.origin()));
    }

    private long nowNs() {
        Instant now = clock.instant();
        return now.getEpochSecond() * NANOS_PER_SECOND + now.getNano();
    }

    private static long sum(ListState<Long> numbers) throws Exception {
        long sum = 0;
        for (Long number : numbers.get()) {
            sum += number;
        }
        return sum;
    }
}
