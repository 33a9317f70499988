package io.qaexchange.state.suite;

/** The same with incremental checkpoints, which hold files as they are: expired values leave them when files are merged. */
public class LsmIncrementalTtlSuiteTest extends LsmTtlSuiteTest {
    @Override
    protected boolean incremental() {
        return true;
    }

    @Override
    public boolean isSavepoint() {
        return false;
    }
}
