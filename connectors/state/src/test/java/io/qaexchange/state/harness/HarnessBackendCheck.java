package io.qaexchange.state.harness;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.state.LsmKeyedStateBackend;
import io.qaexchange.state.LsmStateBackend;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.runtime.state.StateBackendLoader;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.streaming.api.operators.StreamMap;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Runs among Flink's tests, and shows that those are on this backend. Elsewhere there is nothing to show. */
@EnabledIfSystemProperty(named = "state.harness", matches = "lsm")
class HarnessBackendCheck {

    @Test
    void harnessesUseThisBackend() throws Exception {
        StreamMap<Long, Long> operator = new StreamMap<>(value -> value);
        try (var harness = new KeyedOneInputStreamOperatorTestHarness<>(operator, value -> value, Types.LONG)) {
            harness.open();
            assertThat(operator.<Long>getKeyedStateBackend()).isInstanceOf(LsmKeyedStateBackend.class);
        }
    }

    @Test
    void jobsUseThisBackendUnlessTheyNameOne() throws Exception {
        assertThat(StateBackendLoader.fromApplicationOrConfigOrDefault(null, new Configuration(), new Configuration(), getClass().getClassLoader(), null))
                .isInstanceOf(LsmStateBackend.class);
        assertThat(StateBackendLoader.fromApplicationOrConfigOrDefault(new HashMapStateBackend(), new Configuration(), new Configuration(),
                getClass().getClassLoader(), null)).isInstanceOf(HashMapStateBackend.class);
    }
}
