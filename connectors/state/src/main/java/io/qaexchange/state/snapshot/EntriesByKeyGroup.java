package io.qaexchange.state.snapshot;

import java.io.IOException;
import java.util.List;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.KeyValueStateIterator;

/** The entries of many states, ordered by key group, then by state, then by key: the order of a canonical savepoint. One thread. */
final class EntriesByKeyGroup implements KeyValueStateIterator {
    private final List<StateEntries> states;
    private final int lastKeyGroup;
    private int keyGroup;
    private int state;
    private boolean newKeyGroup = true;
    private boolean newState = true;

    EntriesByKeyGroup(List<StateEntries> states, KeyGroupRange keyGroups) {
        this.states = states;
        keyGroup = keyGroups.getStartKeyGroup();
        lastKeyGroup = keyGroups.getEndKeyGroup();
        find();
    }

    /** From the current place on, finds the first state that has an entry of the key group. */
    private void find() {
        while (keyGroup <= lastKeyGroup) {
            for (; state < states.size(); state++) {
                if (states.get(state).keyGroup() == keyGroup) {
                    return;
                }
            }
            keyGroup++;
            state = 0;
        }
    }

    @Override
    public void next() throws IOException {
        int keyGroupBefore = keyGroup;
        int stateBefore = state;
        states.get(state).next();
        find();
        newKeyGroup = keyGroup != keyGroupBefore;
        newState = state != stateBefore;
    }

    @Override
    public boolean isValid() {
        return keyGroup <= lastKeyGroup;
    }

    @Override
    public int keyGroup() {
        return keyGroup;
    }

    @Override
    public byte[] key() {
        return states.get(state).key();
    }

    @Override
    public byte[] value() {
        return states.get(state).value();
    }

    @Override
    public int kvStateId() {
        return state;
    }

    @Override
    public boolean isNewKeyValueState() {
        return newState;
    }

    @Override
    public boolean isNewKeyGroup() {
        return newKeyGroup;
    }

    @Override
    public void close() {
        states.forEach(StateEntries::close);
    }
}
