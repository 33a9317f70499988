package org.apache.flink.test.checkpointing;

import io.qaexchange.state.LsmStateBackendFactory;
import java.lang.reflect.Field;
import org.junit.jupiter.api.BeforeEach;

/** Flink's rescaling test on a mini cluster with our backend: its own backends stand in a private field, set before the cluster starts. */
class LsmRescalingITCase extends RescalingITCase {
    @BeforeEach
    @Override
    void setup() throws Exception {
        Field backend = RescalingITCase.class.getDeclaredField("backend");
        backend.setAccessible(true);
        backend.set(this, LsmStateBackendFactory.class.getName());
        super.setup();
    }
}
