package io.qaexchange.storage;

/** Receives what a store does. Called on the thread that does it: be quick, and do not call back into the store. */
@FunctionalInterface
public interface StoreListener {
    StoreListener NONE = event -> {};

    void on(StoreEvent event);
}
