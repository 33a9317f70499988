package io.qaexchange.state.suite;

import io.qaexchange.state.store.StateFamilies;
import io.qaexchange.state.store.StateStore;
import io.qaexchange.state.timers.StoredTimerQueues;
import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.StoreOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.runtime.state.InternalPriorityQueue;
import org.apache.flink.runtime.state.InternalPriorityQueueTestBase;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Flink's suite for priority queues, with ours in the engine. */
public class LsmTimerQueueSuiteTest extends InternalPriorityQueueTestBase {
    @TempDir
    Path folder;

    private final List<StateStore> stores = new ArrayList<>();

    @Override
    protected InternalPriorityQueue<TestElement> newPriorityQueue(int initialCapacity) {
        try {
            StateStore store = StateStore.open(folder.resolve("store-" + stores.size()), StoreOptions.builder().durability(Durability.NO_LOG),
                    event -> { });
            stores.add(store);
            return new StoredTimerQueues(store, new StateFamilies(BlockCompression.LZ4), KEY_GROUP_RANGE, KEY_GROUP_RANGE.getNumberOfKeyGroups())
                    .create("timers", TestElementSerializer.INSTANCE, false);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    protected boolean testSetSemanticsAgainstDuplicateElements() {
        return true;
    }

    @AfterEach
    void closeStores() throws IOException {
        for (StateStore store : stores) {
            store.close();
        }
    }
}
