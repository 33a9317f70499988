package io.qaexchange.job.stream.store;

import io.qaexchange.state.LsmStateBackend;
import org.apache.flink.runtime.state.StateBackend;

/** The same where another thread reads the rows that are archived. */
class EventStoreOnOurBackendTest extends EventStoreOperatorTest {

    @Override
    StateBackend backend() {
        return new LsmStateBackend();
    }
}
