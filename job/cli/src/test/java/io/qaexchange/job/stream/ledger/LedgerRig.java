package io.qaexchange.job.stream.ledger;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventView;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.query.hot.RestoredBackends;
import io.qaexchange.job.query.ledger.LedgerReader;
import io.qaexchange.job.query.ledger.LedgerView;
import io.qaexchange.parquet.ParquetOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.storage.FileSystemCheckpointStorage;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.util.OutputTag;

/**
 * The ledger's two operators between a fake event store and a list of rows, driven step by step: events go in, checkpoints are taken,
 * tasks die, and are restored at another parallelism from any checkpoint.
 */
final class LedgerRig implements AutoCloseable {

    static final int MAX_PARALLELISM = 16;
    private static final OutputTag<LedgerRow> ROWS = new OutputTag<>("rows", new LedgerRow.Serializer().typeInformation());

    /** Everything to go on from. */
    record Checkpoint(long id, int position, OperatorSubtaskState instruments, OperatorSubtaskState accounts, List<LedgerRow> rows) {
    }

    private final Path folder;
    private final Supplier<StateBackend> backend;
    private final List<byte[]> messages;
    private LedgerOptions options;
    private final List<KeyedOneInputStreamOperatorTestHarness<String, IncomingEvent, AccountInput>> instruments = new ArrayList<>();
    private final List<KeyedOneInputStreamOperatorTestHarness<String, AccountInput, LedgerRow>> accounts = new ArrayList<>();
    private final SharedStateRegistryImpl sharedFiles = new SharedStateRegistryImpl();
    private List<LedgerRow> rows = new ArrayList<>();
    private long nowMs = 1_800_000_000_000L;
    private long lastCheckpointId;
    private int position;

    LedgerRig(Path folder, Supplier<StateBackend> backend, List<byte[]> messages, Instruments terms) {
        this.folder = folder;
        this.backend = backend;
        this.messages = messages;
        use(terms);
    }

    /** From the next start on, another instruments file holds. */
    void use(Instruments terms) {
        options = new LedgerOptions(terms, Duration.ofMinutes(10), LedgerOptions.FILE_ROWS, ParquetOptions.DEFAULT);
    }

    void start(int parallelism) throws Exception {
        begin(parallelism, null);
    }

    /** Kills the tasks and begins new ones. */
    void restore(Checkpoint checkpoint, int parallelism) throws Exception {
        kill();
        begin(parallelism, checkpoint);
    }

    private void begin(int parallelism, Checkpoint from) throws Exception {
        position = from == null ? 0 : from.position();
        rows = from == null ? new ArrayList<>() : new ArrayList<>(from.rows());
        for (int subtask = 0; subtask < parallelism; subtask++) {
            var ofInstruments = new KeyedOneInputStreamOperatorTestHarness<>(
                    new Ledger.Factory<IncomingEvent, AccountInput>(parameters -> new InstrumentLedgerOperator(parameters, options, ROWS),
                            InstrumentLedgerOperator.class),
                    IncomingEvent::routeKey, Types.STRING, MAX_PARALLELISM, parallelism, subtask);
            open(ofInstruments, from == null ? null : from.instruments(), parallelism, subtask);
            instruments.add(ofInstruments);
            var ofAccounts = new KeyedOneInputStreamOperatorTestHarness<>(
                    new Ledger.Factory<AccountInput, LedgerRow>(AccountLedgerOperator::new, AccountLedgerOperator.class),
                    AccountInput::account, Types.STRING, MAX_PARALLELISM, parallelism, subtask);
            open(ofAccounts, from == null ? null : from.accounts(), parallelism, subtask);
            accounts.add(ofAccounts);
        }
    }

    private void open(AbstractStreamOperatorTestHarness<?> task, OperatorSubtaskState from, int parallelism, int subtask) throws Exception {
        task.setStateBackend(backend.get());
        task.setCheckpointStorage(new FileSystemCheckpointStorage(folder.resolve("checkpoints").toUri()));
        task.setup();
        task.setProcessingTime(nowMs);
        if (from != null) {
            task.initializeState(AbstractStreamOperatorTestHarness.repartitionOperatorState(from, MAX_PARALLELISM, MAX_PARALLELISM,
                    parallelism, subtask));
        }
        task.open();
    }

    /** Feeds the next messages, each of which is stored. */
    void feed(int count) throws Exception {
        EventView event = new EventView();
        for (int end = Math.min(messages.size(), position + count); position < end; position++) {
            byte[] message = messages.get(position);
            event.wrap(message);
            Arrival arrival = new Arrival(nowMs * 1_000_000L, "events", 0, position);
            IncomingEvent incoming = new IncomingEvent(event.routeKey(), EventIdentity.key(event, arrival), message, arrival);
            instruments.get(subtaskOf(incoming.routeKey())).processElement(new StreamRecord<>(incoming));
        }
        deliver();
    }

    /** Lets wall time pass, with what the operators do then. */
    void pass(Duration time) throws Exception {
        nowMs += time.toMillis();
        for (var task : instruments) {
            task.setProcessingTime(nowMs);
        }
        deliver();
        for (var task : accounts) {
            task.setProcessingTime(nowMs);
        }
        deliver();
    }

    /** A complete checkpoint. */
    Checkpoint checkpoint() throws Exception {
        long id = ++lastCheckpointId;
        for (var task : instruments) {
            task.prepareSnapshotPreBarrier(id);
        }
        deliver();
        OperatorSubtaskState[] ofInstruments = new OperatorSubtaskState[instruments.size()];
        OperatorSubtaskState[] ofAccounts = new OperatorSubtaskState[accounts.size()];
        for (int i = 0; i < instruments.size(); i++) {
            ofInstruments[i] = instruments.get(i).snapshot(id, nowMs);
            ofAccounts[i] = accounts.get(i).snapshot(id, nowMs);
            // As the checkpoint coordinator does, replaces references to files of earlier checkpoints by the files.
            ofInstruments[i].registerSharedStates(sharedFiles, id);
            ofAccounts[i].registerSharedStates(sharedFiles, id);
            instruments.get(i).notifyOfCompletedCheckpoint(id);
            accounts.get(i).notifyOfCompletedCheckpoint(id);
        }
        return new Checkpoint(id, position, AbstractStreamOperatorTestHarness.repackageState(ofInstruments),
                AbstractStreamOperatorTestHarness.repackageState(ofAccounts), new ArrayList<>(rows));
    }

    void end() throws Exception {
        for (var task : instruments) {
            task.endInput();
        }
        deliver();
        for (var task : accounts) {
            task.endInput();
        }
        deliver();
    }

    LedgerView view(Checkpoint checkpoint) throws Exception {
        return LedgerReader.read(checkpoint.id(), backends(checkpoint.instruments()), backends(checkpoint.accounts()), options.instruments());
    }

    /** Rows that are in tables. */
    List<LedgerRow> rows() {
        return rows;
    }

    int position() {
        return position;
    }

    @Override
    public void close() throws Exception {
        kill();
    }

    private void kill() throws Exception {
        for (var task : instruments) {
            task.close();
        }
        for (var task : accounts) {
            task.close();
        }
        instruments.clear();
        accounts.clear();
    }

    private static RestoredBackends backends(OperatorSubtaskState state) {
        List<KeyedStateHandle> handles = new ArrayList<>(state.getManagedKeyedState());
        return new RestoredBackends(handles, MAX_PARALLELISM);
    }

    private int subtaskOf(String key) {
        return KeyGroupRangeAssignment.assignKeyToParallelOperator(key, MAX_PARALLELISM, instruments.size());
    }

    private void deliver() throws Exception {
        for (var task : instruments) {
            for (Object out = task.getOutput().poll(); out != null; out = task.getOutput().poll()) {
                AccountInput input = (AccountInput) ((StreamRecord<?>) out).getValue();
                accounts.get(subtaskOf(input.account())).processElement(new StreamRecord<>(input));
            }
            var side = task.getSideOutput(ROWS);
            for (var row = side == null ? null : side.poll(); row != null; row = side.poll()) {
                rows.add(row.getValue());
            }
        }
        for (var task : accounts) {
            for (Object out = task.getOutput().poll(); out != null; out = task.getOutput().poll()) {
                rows.add((LedgerRow) ((StreamRecord<?>) out).getValue());
            }
        }
    }
}
