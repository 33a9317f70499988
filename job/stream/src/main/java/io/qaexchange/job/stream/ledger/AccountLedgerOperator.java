package io.qaexchange.job.stream.ledger;

import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.job.model.JobMetric;
import io.qaexchange.job.model.book.Account;
import io.qaexchange.job.model.book.Alert;
import io.qaexchange.job.model.book.AlertReason;
import io.qaexchange.job.model.ledger.AccountLedgerState;
import io.qaexchange.job.model.store.TradingDay;
import io.qaexchange.job.model.table.LedgerRow;
import java.io.IOException;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.metrics.Counter;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * The ledger's side of the accounts, keyed by account: adds what the instruments send and takes the events about money. Emits the rows of
 * days that are over, in small portions between inputs.
 *
 * <p>One thread, the task thread.
 */
public final class AccountLedgerOperator extends AbstractStreamOperator<LedgerRow>
        implements OneInputStreamOperator<AccountInput, LedgerRow>, BoundedOneInput {

    private static final long serialVersionUID = 1L;

    /** How long a report waits at least, so that sums that are on their way are in. */
    private static final Duration REPORT_PATIENCE = Duration.ofSeconds(1);
    private static final Duration ROW_INTERVAL = Duration.ofMillis(100);
    private static final int ACCOUNTS_AT_ONCE = 500;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private transient CachedAccounts accounts;
    private transient EventView view;
    /** Accounts with days that are over and have no row yet. */
    private transient Set<String> withRows;
    /** All accounts of this subtask. */
    private transient Set<String> known;
    /** Accounts whose newest report waits to be compared. */
    private transient Set<String> reported;
    private transient Set<String> reportedBefore;
    /** Newest trading day of which an instrument was settled for an account of this subtask. */
    private transient int settledThrough;
    private transient Map<AlertReason, Counter> alerts;
    private transient Counter reports;
    private transient Counter outdated;
    private transient Counter differences;

    public AccountLedgerOperator(StreamOperatorParameters<LedgerRow> parameters) {
        super(parameters);
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        KeyedStateBackend<String> backend = getKeyedStateBackend();
        AccountLedgerState state = AccountLedgerState.open(backend);
        accounts = new CachedAccounts(state);
        view = new EventView();
        withRows = new LinkedHashSet<>();
        known = new HashSet<>();
        reported = new HashSet<>();
        reportedBefore = new HashSet<>();
        for (String account : state.accounts()) {
            settledThrough = Math.max(settledThrough, accounts.get(account).settledThrough());
            known.add(account);
        }
        withRows.addAll(known);
        MetricGroup group = getMetricGroup();
        alerts = new EnumMap<>(AlertReason.class);
        for (AlertReason reason : AlertReason.values()) {
            alerts.put(reason, group.addGroup("reason", reason.label()).counter(JobMetric.LEDGER_ALERTS.id()));
        }
        reports = group.counter(JobMetric.REPORTS_COMPARED.id());
        outdated = group.counter(JobMetric.REPORTS_OUTDATED.id());
        differences = group.counter(JobMetric.REPORT_DIFFERENCES.id());
    }

    @Override
    public void open() throws Exception {
        super.open();
        scheduleRows();
        scheduleComparing();
    }

    private void scheduleRows() {
        ProcessingTimeService time = getProcessingTimeService();
        time.registerTimer(time.getCurrentProcessingTime() + ROW_INTERVAL.toMillis(), timestamp -> {
            emitRows(ACCOUNTS_AT_ONCE);
            scheduleRows();
        });
    }

    private void scheduleComparing() {
        ProcessingTimeService time = getProcessingTimeService();
        time.registerTimer(time.getCurrentProcessingTime() + REPORT_PATIENCE.toMillis(), timestamp -> {
            compareReports();
            scheduleComparing();
        });
    }

    /** Compares the reports that have waited long enough for what the instruments send. */
    private void compareReports() throws IOException {
        for (String id : reportedBefore) {
            Account account = accounts.get(id);
            if (account.isReportOutdated()) {
                outdated.inc();
            } else {
                reports.inc();
                differences.inc(account.report().differences(account).size());
            }
        }
        reportedBefore.clear();
        Set<String> empty = reportedBefore;
        reportedBefore = reported;
        reported = empty;
    }

    /** Nothing: most inputs find their account in memory, and the others say whose it is. */
    @Override
    @SuppressWarnings("rawtypes")
    public void setKeyContextElement1(StreamRecord record) {
    }

    @Override
    public void processElement(StreamRecord<AccountInput> element) throws Exception {
        AccountInput input = element.getValue();
        Account account = accounts.get(input.account());
        if (input.sums() != null) {
            if (!account.add(input.day(), input.sums())) {
                alert(new Alert(AlertReason.OUT_OF_RANGE, input.day(), input.sums().newestNs(), "", input.account(), "", "", "", 0,
                        input.sums().toString()));
            }
        } else {
            accept(account, input);
        }
        accounts.change(input.account());
        known.add(input.account());
        if (account.settledThrough() > settledThrough) {
            settledThrough = account.settledThrough();
            withRows.addAll(known);
        } else if (account.hasSettled(settledThrough)) {
            withRows.add(input.account());
        }
    }

    private void accept(Account account, AccountInput input) {
        IncomingEvent event = input.event();
        view.wrap(event.message());
        if (Account.isReport(view.recordType().code())) {
            reported.add(input.account());
        }
        account.accept(view, event.key(), input.day(), (reason, detail) -> {
            boolean own = view.hasOwnIdentity();
            String source = own ? view.source() : EventIdentity.positionSource(event.arrival().topic(), event.arrival().partition());
            alert(new Alert(reason, input.day(), view.eventTime(), view.instrument(), input.account(), "", "", source,
                    own ? view.sequence() : event.arrival().offset(), detail));
        });
    }

    private void emitRows(int atMost) throws IOException {
        int emitted = 0;
        for (Iterator<String> ids = withRows.iterator(); ids.hasNext() && emitted < atMost; emitted++) {
            String id = ids.next();
            ids.remove();
            Account account = accounts.get(id);
            List<Account.SettledDay> days = new ArrayList<>();
            account.endDay(settledThrough);
            account.takeSettled(settledThrough, days, (day, reason, detail) -> alert(
                    new Alert(reason, day, startNs(day), "", id, "", "", "", 0, detail)));
            if (days.isEmpty()) {
                continue;
            }
            accounts.change(id);
            for (Account.SettledDay day : days) {
                output.collect(new StreamRecord<>(LedgerRow.of(id, account.opening(), day, startNs(day.day().tradingDay()))));
            }
        }
    }

    private void alert(Alert alert) {
        alerts.get(alert.reason()).inc();
        output.collect(new StreamRecord<>(LedgerRow.of(alert)));
    }

    /** Midnight UTC of a trading day: rows about a whole day have no other time. */
    private static long startNs(int yyyymmdd) {
        return TradingDay.toDate(yyyymmdd).atStartOfDay(ZoneOffset.UTC).toEpochSecond()
                * NANOS_PER_SECOND;
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        accounts.flush();
        super.snapshotState(context);
    }

    @Override
    public void endInput() throws Exception {
        emitRows(Integer.MAX_VALUE);
    }
}
