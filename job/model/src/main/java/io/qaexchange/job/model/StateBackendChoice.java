package io.qaexchange.job.model;

/** The state backends that the job runs on, with Flink's name or factory for each. */
public enum StateBackendChoice {
    LSM("io.qaexchange.state.LsmStateBackendFactory"),
    ROCKSDB("rocksdb"),
    HASHMAP("hashmap");

    private final String flinkType;

    StateBackendChoice(String flinkType) {
        this.flinkType = flinkType;
    }

    /** Value of Flink's {@code state.backend.type}. */
    public String flinkType() {
        return flinkType;
    }
}
