package io.qaexchange.state.snapshot;

import java.io.IOException;

/** The entries of one state, ordered by key group. Stands at its first entry when it is made. One thread. */
interface StateEntries extends AutoCloseable {
    int NONE = -1;

    /** Key group of this entry, {@link #NONE} after the last one. */
    int keyGroup();

    /** A new array: who takes it may change it. */
    byte[] key();

    byte[] value();

    void next() throws IOException;

    @Override
    void close();
}
