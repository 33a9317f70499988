package io.qaexchange.job.stream.ledger;

import io.qaexchange.events.EventKey;
import io.qaexchange.events.EventView;
import io.qaexchange.events.TextPool;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.job.model.JobMetric;
import io.qaexchange.job.model.book.Account;
import io.qaexchange.job.model.book.AccountSums;
import io.qaexchange.job.model.book.Alert;
import io.qaexchange.job.model.book.AlertReason;
import io.qaexchange.job.model.book.BookOutput;
import io.qaexchange.job.model.book.InstrumentBook;
import io.qaexchange.job.model.book.InstrumentHead;
import io.qaexchange.job.model.book.SettledPosition;
import io.qaexchange.job.model.table.LedgerRow;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Map;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.metrics.Histogram;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.metrics.DescriptiveStatisticsHistogram;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.util.OutputTag;

/**
 * The ledger's side of the instruments: orders, positions and waiting trades, keyed by instrument, in the order of the instrument's events.
 *
 * <p>Gets every event that the event store keeps, once. Changes of money go to the accounts as sums, at the latest before each
 * checkpoint's barrier, so that accounts and positions of a checkpoint fit together. Events about accounts are passed on.
 *
 * <p>One thread, the task thread.
 */
public final class InstrumentLedgerOperator extends AbstractStreamOperator<AccountInput>
        implements OneInputStreamOperator<IncomingEvent, AccountInput>, BoundedOneInput, BookOutput {

    private static final long serialVersionUID = 1L;

    private static final Duration SEND_INTERVAL = Duration.ofMillis(500);
    private static final int MAX_UNSENT_ACCOUNTS = 10_000;
    private static final char ACCOUNT_MARK = '@';
    private static final int POOLED_ACCOUNTS = 4096;
    private static final int CHECKPOINTS_REMEMBERED = 1_000;
    private static final long NANOS_PER_MICRO = 1_000;
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private final LedgerOptions options;
    private final OutputTag<LedgerRow> rows;

    private transient InstrumentLedgerState state;
    private transient InstrumentHeads heads;
    private transient InstrumentBook book;
    private transient AccountChanges changes;
    private transient EventView view;
    private transient TextPool accounts;
    private transient Map<AlertReason, Long> alerts;
    private transient StreamRecord<AccountInput> message;
    /** How long checkpoints held up the thread to write what was in memory. */
    private transient Histogram writeMicros;
    /** The same in processor time, which says how much of it is ours on a busy machine. */
    private transient Histogram writeCpuMicros;
    private transient long booked;
    private transient long tapeEvents;
    private transient long waitingTrades;
    private transient long reports;
    private transient long differences;

    public InstrumentLedgerOperator(StreamOperatorParameters<AccountInput> parameters, LedgerOptions options, OutputTag<LedgerRow> rows) {
        super(parameters);
        this.options = options;
        this.rows = rows;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        KeyedStateBackend<String> backend = getKeyedStateBackend();
        state = InstrumentLedgerState.open(backend);
        heads = InstrumentHeads.load(state, options.instruments());
        book = new InstrumentBook(state, this);
        accounts = new TextPool(POOLED_ACCOUNTS);
        changes = new AccountChanges();
        view = new EventView();
        message = new StreamRecord<>(null);
        registerMetrics(getMetricGroup());
    }

    private void registerMetrics(MetricGroup group) {
        alerts = new EnumMap<>(AlertReason.class);
        for (InstrumentHead head : heads.all()) {
            head.alerts().forEach((reason, count) -> alerts.merge(reason, count, Long::sum));
        }
        for (AlertReason reason : AlertReason.values()) {
            group.addGroup("reason", reason.label()).gauge(JobMetric.LEDGER_ALERTS.id(), () -> alerts.getOrDefault(reason, 0L));
        }
        writeMicros = group.histogram(JobMetric.LEDGER_WRITE_MICROS.id(), new DescriptiveStatisticsHistogram(CHECKPOINTS_REMEMBERED));
        writeCpuMicros = group.histogram(JobMetric.LEDGER_WRITE_CPU_MICROS.id(), new DescriptiveStatisticsHistogram(CHECKPOINTS_REMEMBERED));
        group.gauge(JobMetric.LEDGER_BOOKED.id(), () -> booked);
        group.gauge(JobMetric.TAPE_EVENTS.id(), () -> tapeEvents);
        group.gauge(JobMetric.WAITING_TRADES.id(), () -> waitingTrades);
        group.gauge(JobMetric.REPORTS_COMPARED.id(), () -> reports);
        group.gauge(JobMetric.REPORT_DIFFERENCES.id(), () -> differences);
        sumUp();
    }

    /** Brings the totals that reporters see up to date; they survive restarts. */
    private void sumUp() {
        long[] sums = new long[5];
        for (InstrumentHead head : heads.all()) {
            sums[0] += head.booked();
            sums[1] += head.tapeEvents();
            sums[2] += head.waiting();
            sums[3] += head.reports();
            sums[4] += head.differences();
        }
        booked = sums[0];
        tapeEvents = sums[1];
        waitingTrades = sums[2];
        reports = sums[3];
        differences = sums[4];
    }

    @Override
    public void open() throws Exception {
        super.open();
        scheduleSending();
    }

    private void scheduleSending() {
        ProcessingTimeService time = getProcessingTimeService();
        time.registerTimer(time.getCurrentProcessingTime() + SEND_INTERVAL.toMillis(), timestamp -> {
            send();
            sumUp();
            scheduleSending();
        });
    }

    /** Nothing: most events touch no state, and the others say which instrument's. */
    @Override
    @SuppressWarnings("rawtypes")
    public void setKeyContextElement1(StreamRecord record) {
    }

    @Override
    public void processElement(StreamRecord<IncomingEvent> element) throws Exception {
        IncomingEvent event = element.getValue();
        int code = EventKey.recordCode(event.key());
        String routeKey = event.routeKey();
        boolean ofInstrument = routeKey.charAt(0) != ACCOUNT_MARK;
        if (ofInstrument) {
            InstrumentHeads.Entry instrument = heads.change(routeKey);
            if (InstrumentBook.concerns(code)) {
                state.select(routeKey, instrument.selection);
                book.accept(instrument.head, instrument.terms, view.wrap(event.message()), event.arrival());
                state.trim();
            } else {
                long eventTimeNs = EventKey.eventTime(event.key());
                if (instrument.head.endsWaiting(eventTimeNs)) {
                    state.select(routeKey, instrument.selection);
                }
                book.tick(instrument.head, instrument.terms, eventTimeNs);
            }
        }
        if (Account.concerns(code)) {
            view.wrap(event.message());
            String account = view.getText(view.recordType().account(), accounts);
            output.collect(message.replace(new AccountInput(account, options.instruments().tradingDay(view), null, event)));
        }
        changes.addUp();
        if (changes.size() >= MAX_UNSENT_ACCOUNTS) {
            send();
        }
    }

    @Override
    public AccountSums change(String account, int day) {
        return changes.change(account, day);
    }

    @Override
    public void alert(Alert alert) {
        alerts.merge(alert.reason(), 1L, Long::sum);
        output.collect(rows, new StreamRecord<>(LedgerRow.of(alert)));
    }

    @Override
    public void settled(SettledPosition position) {
        output.collect(rows, new StreamRecord<>(LedgerRow.of(position)));
    }

    private void send() {
        changes.send(input -> output.collect(message.replace(input)));
    }

    @Override
    public void prepareSnapshotPreBarrier(long checkpointId) throws Exception {
        super.prepareSnapshotPreBarrier(checkpointId);
        send();
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        long startedNs = System.nanoTime();
        long startedCpuNs = THREADS.getCurrentThreadCpuTime();
        state.flush();
        heads.flush();
        writeMicros.update((System.nanoTime() - startedNs) / NANOS_PER_MICRO);
        writeCpuMicros.update((THREADS.getCurrentThreadCpuTime() - startedCpuNs) / NANOS_PER_MICRO);
        super.snapshotState(context);
    }

    /** No order will come any more for trades that wait. */
    @Override
    public void endInput() throws Exception {
        for (String id : new ArrayList<>(heads.instruments())) {
            InstrumentHeads.Entry instrument = heads.change(id);
            state.select(id, instrument.selection);
            book.end(instrument.head, instrument.terms);
        }
        send();
    }
}
