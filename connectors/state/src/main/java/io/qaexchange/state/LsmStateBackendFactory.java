package io.qaexchange.state;

import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.runtime.state.StateBackendFactory;

/** Creates the state backend from Flink's configuration: {@code state.backend.type: io.qaexchange.state.LsmStateBackendFactory}. */
public final class LsmStateBackendFactory implements StateBackendFactory<LsmStateBackend> {

    /** @throws org.apache.flink.configuration.IllegalConfigurationException if an option is wrong, or a jar is missing */
    @Override
    public LsmStateBackend createFromConfig(ReadableConfig config, ClassLoader classLoader) {
        RequiredJars.check();
        return new LsmStateBackend().configure(config, classLoader);
    }
}
