package io.qaexchange.job.query.ledger;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.OperatorUids;
import io.qaexchange.job.model.book.Account;
import io.qaexchange.job.model.book.Contract;
import io.qaexchange.job.model.book.InstrumentHead;
import io.qaexchange.job.model.book.Order;
import io.qaexchange.job.model.book.Position;
import io.qaexchange.job.model.book.Trade;
import io.qaexchange.job.model.ledger.AccountLedgerState;
import io.qaexchange.job.model.ledger.LedgerLayout;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.query.hot.RestoredBackends;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Reads the whole ledger of a checkpoint.
 *
 * <p>Memory: all accounts, positions and open orders. One thread.
 */
public final class LedgerReader {

    private LedgerReader() {
    }

    /**
     * Reads a checkpoint.
     *
     * @param instruments as the job had them
     * @throws IOException if the checkpoint has no ledger
     */
    public static LedgerView read(CheckpointReader checkpoint, Instruments instruments) throws Exception {
        if (!checkpoint.has(OperatorUids.INSTRUMENT_LEDGER)) {
            throw new IOException("checkpoint " + checkpoint.checkpointId()
                    + " has no ledger: the job ran with ledger.enabled: false, or with an older build");
        }
        return read(checkpoint.checkpointId(), checkpoint.keyedState(OperatorUids.INSTRUMENT_LEDGER), checkpoint.keyedState(OperatorUids.ACCOUNT_LEDGER),
                instruments);
    }

    /** Reads the state of the ledger's two operators. */
    public static LedgerView read(long checkpointId, RestoredBackends ofInstruments, RestoredBackends ofAccounts, Instruments instruments)
            throws Exception {
        Map<String, Account> accounts = new TreeMap<>();
        ofAccounts.forEach(backend -> {
            AccountLedgerState state = AccountLedgerState.open(backend);
            for (String account : state.accounts()) {
                backend.setCurrentKey(account);
                accounts.put(account, state.load());
            }
        });
        Map<String, InstrumentHead> heads = new TreeMap<>();
        List<LedgerView.Holding> holdings = new ArrayList<>();
        List<LedgerView.OpenOrder> orders = new ArrayList<>();
        List<LedgerView.WaitingTrade> waiting = new ArrayList<>();
        Map<String, Contract> contracts = new HashMap<>();
        ofInstruments.forEach(backend -> {
            LedgerLayout state = LedgerLayout.open(backend);
            for (String instrument : state.instruments()) {
                backend.setCurrentKey(instrument);
                InstrumentHead head = state.head();
                Contract contract = Contract.of(instruments.get(instrument));
                heads.put(instrument, head);
                contracts.put(instrument, contract);
                for (Map.Entry<String, Position> position : state.positions().entrySet()) {
                    holdings.add(new LedgerView.Holding(instrument, position.getKey(), position.getValue(), head.lastPrice(), contract));
                }
                for (Order order : state.orders()) {
                    orders.add(new LedgerView.OpenOrder(instrument, order));
                }
                for (List<Trade> trades : state.waiting().values()) {
                    trades.forEach(trade -> waiting.add(new LedgerView.WaitingTrade(instrument, trade)));
                }
            }
        });
        return new LedgerView(checkpointId, accounts, heads, holdings, orders, waiting);
    }
}
