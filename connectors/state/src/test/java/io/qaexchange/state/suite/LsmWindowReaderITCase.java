package io.qaexchange.state.suite;

import io.qaexchange.state.LsmStateBackend;
import io.qaexchange.state.LsmStateBackendFactory;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.StateBackendOptions;
import org.apache.flink.state.api.SavepointWindowReaderITCase;

/** Flink's State Processor API reads the windows of a savepoint. */
public class LsmWindowReaderITCase extends SavepointWindowReaderITCase<LsmStateBackend> {
    @Override
    protected Tuple2<Configuration, LsmStateBackend> getStateBackendTuple() {
        Configuration config = new Configuration().set(StateBackendOptions.STATE_BACKEND, LsmStateBackendFactory.class.getName());
        return Tuple2.of(config, new LsmStateBackend());
    }
}
