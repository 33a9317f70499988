package io.qaexchange.state.harness;

import static net.bytebuddy.matcher.ElementMatchers.isConstructor;
import static net.bytebuddy.matcher.ElementMatchers.named;
import static net.bytebuddy.matcher.ElementMatchers.returns;

import io.qaexchange.state.LsmStateBackend;
import io.qaexchange.state.LsmStateOptions;
import net.bytebuddy.agent.ByteBuddyAgent;
import net.bytebuddy.agent.builder.AgentBuilder;
import net.bytebuddy.asm.Advice;
import net.bytebuddy.implementation.bytecode.assign.Assigner;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.junit.platform.launcher.LauncherSession;
import org.junit.platform.launcher.LauncherSessionListener;

/**
 * Has Flink's published tests run on this backend: their harnesses, and their mini clusters, take the HashMap backend where a test names
 * none, and take ours instead. A backend that a test names stays.
 *
 * <p>The system property {@code state.harness} names the backend: {@code lsm}; {@code rocksdb} shows whether a test that fails fails on
 * any other backend than HashMap. Does nothing without it.
 */
public final class HarnessBackend implements LauncherSessionListener {

    private static final String KIND = System.getProperty("state.harness");

    @Override
    public void launcherSessionOpened(LauncherSession session) {
        if (KIND == null) {
            return;
        }
        new AgentBuilder.Default()
                .type(named("org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness"))
                .transform((type, description, loader, module, domain) -> type.visit(Advice.to(OfHarness.class).on(isConstructor())))
                .type(named("org.apache.flink.runtime.state.StateBackendLoader"))
                .transform((type, description, loader, module, domain) -> type.visit(
                        Advice.to(OfConfiguration.class).on(named("loadStateBackendFromConfig").and(returns(StateBackend.class)))))
                .installOn(ByteBuddyAgent.install());
    }

    /** Instead of the one that a test did not name. */
    public static StateBackend instead(Object other) {
        if (!(other instanceof HashMapStateBackend)) {
            return (StateBackend) other;
        }
        return "rocksdb".equals(KIND) ? new EmbeddedRocksDBStateBackend() : ours();
    }

    /** Harnesses have no managed memory, or check that it is given back, and no JobManager that brings incremental checkpoints together. */
    private static StateBackend ours() {
        Configuration config = new Configuration().set(LsmStateOptions.MANAGED_MEMORY, false)
                .set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(8)).set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, false);
        return new LsmStateBackend().configure(config, HarnessBackend.class.getClassLoader());
    }

    /** Copied to the end of the harness's constructors. */
    static final class OfHarness {
        @Advice.OnMethodExit
        static void exit(@Advice.FieldValue(value = "stateBackend", readOnly = false) StateBackend backend) {
            backend = instead(backend);
        }
    }

    /** Copied to the end of the loading of a backend. */
    static final class OfConfiguration {
        @Advice.OnMethodExit
        static void exit(@Advice.Return(readOnly = false, typing = Assigner.Typing.DYNAMIC) StateBackend backend) {
            backend = instead(backend);
        }
    }
}
