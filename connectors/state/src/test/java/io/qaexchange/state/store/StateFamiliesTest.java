package io.qaexchange.state.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.FamilyOptions;
import org.apache.flink.api.common.state.StateDescriptor;
import org.apache.flink.api.common.typeutils.base.LongSerializer;
import org.apache.flink.runtime.state.RegisteredKeyValueStateBackendMetaInfo;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
import org.junit.jupiter.api.Test;

class StateFamiliesTest {
    private static final RegisteredKeyValueStateBackendMetaInfo<?, ?> VALUE = new RegisteredKeyValueStateBackendMetaInfo<>(
            StateDescriptor.Type.VALUE, "state", VoidNamespaceSerializer.INSTANCE, LongSerializer.INSTANCE);

    @Test
    void filesOfStatesAndTimersAreCompressedAsAsked() {
        StateFamilies families = new StateFamilies(BlockCompression.NONE, BlockCompression.LZ4);
        for (FamilyOptions family : new FamilyOptions[] {families.optionsOf(VALUE), families.timersOf("state")}) {
            assertThat(family.compression(0)).isEqualTo(BlockCompression.NONE);
            assertThat(family.compression(1)).isEqualTo(BlockCompression.LZ4);
            assertThat(family.compression(6)).isEqualTo(BlockCompression.LZ4);
        }
    }

    @Test
    void timersAndAStateOfOneNameHaveFamiliesOfTheirOwn() {
        StateFamilies families = new StateFamilies(BlockCompression.LZ4);
        assertThat(families.timersOf("state").name()).isNotEqualTo(families.optionsOf(VALUE).name());
    }
}
