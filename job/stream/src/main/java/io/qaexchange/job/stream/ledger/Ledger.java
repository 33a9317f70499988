package io.qaexchange.job.stream.ledger;

import io.qaexchange.archive.sink.FinishedFile;
import io.qaexchange.events.flink.IncomingEvent;
import io.qaexchange.job.model.OperatorUids;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.stream.store.EventStoreOperatorFactory;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.DataStreamUtils;
import org.apache.flink.streaming.api.datastream.KeyedStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.operators.AbstractStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.OneInputStreamOperatorFactory;
import org.apache.flink.streaming.api.operators.StreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.util.OutputTag;
import org.apache.flink.util.function.SerializableFunction;

/**
 * The ledger's part of the job.
 *
 * <pre>
 *   event store ─ stored events ─► instrument-ledger ─► keyBy(account) ─► account-ledger ─► ledger-tables ─► finished files
 *                 (same thread)            └── alerts, settled positions ────────────────────────┘
 * </pre>
 */
public final class Ledger {

    private static final OutputTag<LedgerRow> ROWS = new OutputTag<>("ledger-rows", new LedgerRow.Serializer().typeInformation());

    private Ledger() {
    }

    /**
     * Adds the ledger downstream of an event store.
     *
     * @return finished files of its tables, all from one subtask, at the parallelism of the event store
     */
    public static DataStream<FinishedFile> behind(SingleOutputStreamOperator<FinishedFile> eventStore, LedgerOptions options) {
        // The event store is keyed by route key already, so its events need no other way to be keyed again.
        KeyedStream<IncomingEvent, String> stored = DataStreamUtils.reinterpretAsKeyedStream(
                eventStore.getSideOutput(EventStoreOperatorFactory.STORED), IncomingEvent::routeKey, Types.STRING);
        SingleOutputStreamOperator<AccountInput> instruments = stored
                .transform("Ledger: instruments", new AccountInput.Serializer().typeInformation(),
                        new Factory<IncomingEvent, AccountInput>(parameters -> new InstrumentLedgerOperator(parameters, options, ROWS),
                                InstrumentLedgerOperator.class))
                .uid(OperatorUids.INSTRUMENT_LEDGER);
        SingleOutputStreamOperator<LedgerRow> accounts = instruments
                .keyBy(AccountInput::account, Types.STRING)
                .transform("Ledger: accounts", new LedgerRow.Serializer().typeInformation(),
                        new Factory<AccountInput, LedgerRow>(AccountLedgerOperator::new, AccountLedgerOperator.class))
                .uid(OperatorUids.ACCOUNT_LEDGER);
        return accounts.union(instruments.getSideOutput(ROWS)).global()
                .transform("Ledger: tables", TypeInformation.of(FinishedFile.class),
                        new Factory<LedgerRow, FinishedFile>(parameters -> new LedgerTablesOperator(parameters, options),
                                LedgerTablesOperator.class))
                .uid(OperatorUids.LEDGER_TABLES)
                .disableChaining();
    }

    /** Makes an operator. */
    public static final class Factory<I, O> extends AbstractStreamOperatorFactory<O> implements OneInputStreamOperatorFactory<I, O> {
        private static final long serialVersionUID = 1L;

        private final SerializableFunction<StreamOperatorParameters<O>, StreamOperator<O>> maker;
        private final Class<? extends StreamOperator<O>> type;

        public Factory(SerializableFunction<StreamOperatorParameters<O>, StreamOperator<O>> maker, Class<? extends StreamOperator<O>> type) {
            this.maker = maker;
            this.type = type;
        }

        @Override
        @SuppressWarnings("unchecked")
        public <T extends StreamOperator<O>> T createStreamOperator(StreamOperatorParameters<O> parameters) {
            return (T) maker.apply(parameters);
        }

        @Override
        @SuppressWarnings("rawtypes")
        public Class<? extends StreamOperator> getStreamOperatorClass(ClassLoader classLoader) {
            return type;
        }
    }
}
