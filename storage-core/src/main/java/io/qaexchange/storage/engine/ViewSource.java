package io.qaexchange.storage.engine;

import io.qaexchange.storage.error.StoreClosedException;

/** Where reads get the store's state from. Thread-safe. */
interface ViewSource {
    /** The view that is written to. Not used yet: see {@link ReadView#tryUse}. */
    ReadView currentView() throws StoreClosedException;

    /** Reads of a family have spent more on files of level 0 than compacting them costs. */
    void level0IsCostly(int family);

    /** The last write that readers may see. */
    long lastSequence();
}
