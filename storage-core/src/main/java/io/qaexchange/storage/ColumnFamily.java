package io.qaexchange.storage;

import io.qaexchange.storage.error.Arguments;

/**
 * A named set of keys within a store, with options of its own. Batches across families are atomic; families share log and memtables.
 * A handle belongs to the store that gave it out. Immutable.
 *
 * @param id number within the store; never reused there, and never part of a key
 */
public record ColumnFamily(int id, FamilyOptions options) {
    public ColumnFamily {
        Arguments.notNull(options, "options");
    }

    public String name() {
        return options.name();
    }

    @Override
    public String toString() {
        return name() + "(" + id + ")";
    }
}
