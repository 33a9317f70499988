package io.qaexchange.job.model.ledger;

import io.qaexchange.job.model.book.Account;
import io.qaexchange.job.model.store.StoredBytesSerializer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.runtime.state.KeyedStateBackend;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;

/**
 * The ledger's keyed state of an account: one value, for the backend's current key. Operator and readers of checkpoints open it in the
 * same way. One thread.
 */
public final class AccountLedgerState implements AccountStore {

    private static final String ACCOUNT = "ledger-account";

    private final KeyedStateBackend<String> backend;
    private final ValueState<byte[]> state;
    private final StateBytes bytes = new StateBytes();

    private AccountLedgerState(KeyedStateBackend<String> backend, ValueState<byte[]> state) {
        this.backend = backend;
        this.state = state;
    }

    /** Opens the state on a backend. */
    public static AccountLedgerState open(KeyedStateBackend<String> backend) throws Exception {
        return new AccountLedgerState(backend, backend.getPartitionedState(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE,
                new ValueStateDescriptor<>(ACCOUNT, new StoredBytesSerializer())));
    }

    /** All accounts that have state. */
    public List<String> accounts() {
        List<String> accounts = new ArrayList<>();
        try (Stream<String> keys = backend.getKeys(ACCOUNT, VoidNamespace.INSTANCE)) {
            keys.forEach(accounts::add);
        }
        return accounts;
    }

    /** The account that is the current key; a new one if it has no state. */
    public Account load() throws IOException {
        byte[] stored = state.value();
        return stored == null ? new Account() : bytes.read(stored, Account::read);
    }

    /** The account of that key, which is the current one then. */
    @Override
    public Account load(String account) throws IOException {
        backend.setCurrentKey(account);
        return load();
    }

    @Override
    public void save(String id, Account account) throws IOException {
        backend.setCurrentKey(id);
        state.update(bytes.write(account::write));
    }
}
