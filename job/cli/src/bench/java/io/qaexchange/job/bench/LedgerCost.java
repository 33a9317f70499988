package io.qaexchange.job.bench;

import com.sun.management.ThreadMXBean;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.stream.ledger.AccountInput;
import io.qaexchange.job.stream.ledger.AccountLedgerOperator;
import io.qaexchange.job.stream.ledger.InstrumentLedgerOperator;
import io.qaexchange.job.stream.ledger.Ledger;
import io.qaexchange.job.stream.ledger.LedgerOptions;
import io.qaexchange.parquet.ParquetOptions;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;

/**
 * Measures the cost of the ledger for each event, in processor time and garbage of one thread: its two operators one after the other,
 * with a checkpoint now and then, without the rest of the job. Other than the whole job it hardly depends on what else the machine is doing.
 */
public final class LedgerCost {

    private static final int MAX_PARALLELISM = 128;
    private static final int EVENTS_PER_CHECKPOINT = 200_000;
    private static final int EVENTS_PER_SENDING = 20_000;
    private static final int ROUNDS = 5;
    private static final OutputTag<LedgerRow> ROWS = new OutputTag<>("rows", new LedgerRow.Serializer().typeInformation());

    /**
     * Cost of one event, of whatever kind.
     *
     * @param instrumentsNs of the instruments' operator, in the thread of the event store
     * @param instrumentsBytes what it allocates
     * @param accountsNs of the accounts' operator
     * @param messages messages to it for each event
     * @param flushMs longest writing of cached objects at a checkpoint
     */
    public record Cost(double instrumentsNs, double instrumentsBytes, double accountsNs, double messages, double flushMs) {
    }

    private LedgerCost() {
    }

    /** The cost over these events, in the order in which they are stored; the best of some rounds. */
    public static Cost of(List<IncomingEvent> events, Supplier<StateBackend> backend, Path folder) throws Exception {
        Cost best = null;
        for (int round = 0; round < ROUNDS; round++) {
            Cost cost = round(events, backend, folder);
            if (best == null || cost.instrumentsNs() + cost.accountsNs() < best.instrumentsNs() + best.accountsNs()) {
                best = cost;
            }
        }
        return best;
    }

    private static Cost round(List<IncomingEvent> events, Supplier<StateBackend> backend, Path folder) throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        LedgerOptions options = new LedgerOptions(Instruments.example(), Duration.ofMinutes(10), LedgerOptions.FILE_ROWS, ParquetOptions.DEFAULT);
        long instrumentsNs = 0;
        long instrumentsBytes = 0;
        long accountsNs = 0;
        long messages = 0;
        double flushMs = 0;
        long nowMs = 1_800_000_000_000L;
        try (var instruments = new KeyedOneInputStreamOperatorTestHarness<>(
                new Ledger.Factory<IncomingEvent, AccountInput>(parameters -> new InstrumentLedgerOperator(parameters, options, ROWS),
                        InstrumentLedgerOperator.class), IncomingEvent::routeKey, Types.STRING, MAX_PARALLELISM, 1, 0);
                var accounts = new KeyedOneInputStreamOperatorTestHarness<>(
                        new Ledger.Factory<AccountInput, LedgerRow>(AccountLedgerOperator::new, AccountLedgerOperator.class),
                        AccountInput::account, Types.STRING, MAX_PARALLELISM, 1, 0)) {
            for (var task : List.of(instruments, accounts)) {
                task.setStateBackend(backend.get());
                task.setCheckpointStorage(new FileSystemCheckpointStorage(folder.resolve("ledger-cost").toUri()));
                task.setProcessingTime(nowMs);
                task.open();
            }
            StreamRecord<IncomingEvent> record = new StreamRecord<>(null);
            long checkpointId = 0;
            for (int from = 0; from < events.size(); from += EVENTS_PER_SENDING) {
                List<IncomingEvent> part = events.subList(from, Math.min(events.size(), from + EVENTS_PER_SENDING));
                nowMs += 200;
                long startedNs = threads.getCurrentThreadCpuTime();
                long startedBytes = threads.getCurrentThreadAllocatedBytes();
                for (IncomingEvent event : part) {
                    instruments.processElement(record.replace(event));
                }
                instruments.setProcessingTime(nowMs);
                if (from / EVENTS_PER_CHECKPOINT != (from + EVENTS_PER_SENDING) / EVENTS_PER_CHECKPOINT) {
                    instruments.prepareSnapshotPreBarrier(++checkpointId);
                    long flushNs = System.nanoTime();
                    instruments.snapshot(checkpointId, nowMs);
                    flushMs = Math.max(flushMs, (System.nanoTime() - flushNs) / 1e6);
                    instruments.notifyOfCompletedCheckpoint(checkpointId);
                }
                instrumentsBytes += threads.getCurrentThreadAllocatedBytes() - startedBytes;
                long handedNs = threads.getCurrentThreadCpuTime();
                instrumentsNs += handedNs - startedNs;
                for (Object out = instruments.getOutput().poll(); out != null; out = instruments.getOutput().poll()) {
                    accounts.processElement(new StreamRecord<>((AccountInput) ((StreamRecord<?>) out).getValue()));
                    messages++;
                }
                accounts.setProcessingTime(nowMs);
                accountsNs += threads.getCurrentThreadCpuTime() - handedNs;
                accounts.getOutput().clear();
                if (instruments.getSideOutput(ROWS) != null) {
                    instruments.getSideOutput(ROWS).clear();
                }
            }
        }
        double count = events.size();
        return new Cost(instrumentsNs / count, instrumentsBytes / count, accountsNs / count, messages / count, flushMs);
    }
}
