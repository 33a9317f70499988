package io.qaexchange.storage;

import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.error.Arguments;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;

/**
 * Writes that become visible and durable together or not at all. Reusable after {@link #clear()}. Not thread-safe.
 *
 * <p>Operation: kind u8, family varint, key length varint, key; then, unless it is a DELETE, value length varint and value. A
 * DELETE_RANGE's key is the lower end and its value the upper; a DROP_BEFORE's value is the time (i64) and the upper end.
 */
public final class WriteBatch {
    private final ByteWriter operations = new ByteWriter(512);
    private final java.util.BitSet families = new java.util.BitSet();
    private int count;

    public WriteBatch put(ColumnFamily family, byte[] key, byte[] value) {
        return add(ValueKind.PUT, family, key, value);
    }

    public WriteBatch put(ColumnFamily family, Slice key, Slice value) {
        Arguments.notNull(value, "value");
        head(ValueKind.PUT, family, key);
        operations.bytes(value);
        return this;
    }

    public WriteBatch delete(ColumnFamily family, byte[] key) {
        Arguments.family(family);
        Arguments.notNull(key, "key");
        operations.u8(ValueKind.DELETE).varint(family.id()).bytes(key);
        counted(family);
        return this;
    }

    public WriteBatch delete(ColumnFamily family, Slice key) {
        head(ValueKind.DELETE, family, key);
        return this;
    }

    /** See {@link Store#append}. */
    public WriteBatch append(ColumnFamily family, Slice key, Slice value) {
        requireAppend(family);
        Arguments.notNull(value, "value");
        head(ValueKind.APPEND, family, key);
        operations.bytes(value);
        return this;
    }

    /** See {@link Store#deleteRange}. */
    public WriteBatch deleteRange(ColumnFamily family, KeyRange range) {
        Arguments.family(family);
        requireUpper(range);
        if (range.isEmpty()) {
            return this;
        }
        return add(ValueKind.DELETE_RANGE, family, range.lower(), range.upper());
    }

    /** See {@link Store#dropBefore}. */
    public WriteBatch dropBefore(ColumnFamily family, KeyRange range, long eventTime) {
        requireEventTime(family);
        requireUpper(range);
        if (range.isEmpty()) {
            return this;
        }
        byte[] value = new byte[Long.BYTES + range.upper().length];
        Memory.putLong(value, Memory.ARRAY_BASE, eventTime);
        System.arraycopy(range.upper(), 0, value, Long.BYTES, range.upper().length);
        return add(ValueKind.DROP_BEFORE, family, range.lower(), value);
    }

    private WriteBatch add(int kind, ColumnFamily family, byte[] key, byte[] value) {
        Arguments.family(family);
        Arguments.notNull(key, "key");
        Arguments.notNull(value, "value");
        operations.u8(kind).varint(family.id()).bytes(key).bytes(value);
        counted(family);
        return this;
    }

    private void head(int kind, ColumnFamily family, Slice key) {
        Arguments.family(family);
        Arguments.notNull(key, "key");
        operations.u8(kind).varint(family.id()).bytes(key);
        counted(family);
    }

    private void counted(ColumnFamily family) {
        families.set(family.id());
        count++;
    }

    static void requireAppend(ColumnFamily family) {
        if (!Arguments.family(family).options().allowsAppend()) {
            throw new IllegalArgumentException("column family " + family.name() + " has no append delimiter: set FamilyOptions.appendDelimiter when it is created");
        }
    }

    static void requireEventTime(ColumnFamily family) {
        if (!Arguments.family(family).options().hasEventTime()) {
            throw new IllegalArgumentException("column family " + family.name() + " has no event time: set FamilyOptions.eventTimeFromEnd when it is created");
        }
    }

    private static void requireUpper(KeyRange range) {
        if (Arguments.notNull(range, "range").upper() == null) {
            throw new IllegalArgumentException("the range needs an upper end: " + range);
        }
    }

    public int count() {
        return count;
    }

    public boolean isEmpty() {
        return count == 0;
    }

    public int sizeBytes() {
        return operations.size();
    }

    public void clear() {
        operations.clear();
        families.clear();
        count = 0;
    }

    /** Ids of the families that the batch writes to. */
    public java.util.stream.IntStream familyIds() {
        return families.stream();
    }

    /** The operations, encoded; for the engine. */
    public ByteWriter encoded() {
        return operations;
    }
}
