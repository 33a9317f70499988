package io.qaexchange.events;

import java.util.Arrays;

/**
 * A batch of stored events of one record type, read column by column. The position of each part is looked up once, when the event is added.
 * A column is then read in one loop, several times as fast as through an {@link EventView} per event.
 *
 * <p>The stored bytes are kept by reference, until {@link #clear}: they must not change. One thread.
 */
public final class EventRows {

    private final RecordType type;
    private final int capacity;
    private final byte[][] values;
    private final int[] blocks;
    private final int[] blockLengths;
    /** By text, then by row. */
    private final int[][] textOffsets;
    private final int[][] textLengths;
    /** By group, then by row. */
    private final int[][] groupOffsets;
    private final int[][] groupCounts;
    private final int[][] groupEntryLengths;
    private int count;

    /**
     * Room for events.
     *
     * @param capacity how many at most
     */
    public EventRows(RecordType type, int capacity) {
        this.type = type;
        this.capacity = capacity;
        values = new byte[capacity][];
        blocks = new int[capacity];
        blockLengths = new int[capacity];
        textOffsets = new int[type.data().length][capacity];
        textLengths = new int[type.data().length][capacity];
        groupOffsets = new int[type.groups().length][capacity];
        groupCounts = new int[type.groups().length][capacity];
        groupEntryLengths = new int[type.groups().length][capacity];
    }

    /**
     * Adds an event.
     *
     * @throws IllegalArgumentException if it is of another record type
     * @throws IllegalStateException if there is no room
     */
    public void add(StoredEvent stored) {
        EventView event = stored.event();
        if (event.recordType() != type) {
            throw new IllegalArgumentException(event.recordType().table() + " among rows of " + type.table());
        }
        if (isFull()) {
            throw new IllegalStateException("no room for more than " + capacity + " rows");
        }
        values[count] = event.array();
        event.copyPlaces(this, count++);
    }

    /** Where block, texts and groups of a row are. */
    void place(int row, int block, int blockLength, int[] offsetsOfTexts, int[] lengthsOfTexts, int[] offsetsOfGroups, int[] countsOfGroups,
            int[] entryLengthsOfGroups) {
        blocks[row] = block;
        blockLengths[row] = blockLength;
        for (int i = 0; i < textOffsets.length; i++) {
            textOffsets[i][row] = offsetsOfTexts[i];
            textLengths[i][row] = lengthsOfTexts[i];
        }
        for (int i = 0; i < groupOffsets.length; i++) {
            groupOffsets[i][row] = offsetsOfGroups[i];
            groupCounts[i][row] = countsOfGroups[i];
            groupEntryLengths[i][row] = entryLengthsOfGroups[i];
        }
    }

    public int count() {
        return count;
    }

    public boolean isFull() {
        return count == capacity;
    }

    /** Forgets the events. */
    public void clear() {
        Arrays.fill(values, 0, count, null);
        count = 0;
    }

    /** The stored bytes of a row. */
    public byte[] array(int row) {
        return values[row];
    }

    /** The values of a LONG; {@link Long#MIN_VALUE} where absent. */
    public void getLongs(Field field, long[] into) {
        check(field, Field.Kind.LONG);
        int place = field.place();
        for (int row = 0; row < count; row++) {
            into[row] = place + Long.BYTES > blockLengths[row] ? Long.MIN_VALUE : Bytes.getLong(values[row], blocks[row] + place);
        }
    }

    /** The values of an INT; {@link Integer#MIN_VALUE} where absent. */
    public void getInts(Field field, long[] into) {
        check(field, Field.Kind.INT);
        int place = field.place();
        for (int row = 0; row < count; row++) {
            into[row] = place + Integer.BYTES > blockLengths[row] ? Integer.MIN_VALUE : Bytes.getInt(values[row], blocks[row] + place);
        }
    }

    /** The values of a DOUBLE, as their bits; a NaN where absent. */
    public void getDoubleBits(Field field, long[] into) {
        check(field, Field.Kind.DOUBLE);
        int place = field.place();
        for (int row = 0; row < count; row++) {
            into[row] = place + Double.BYTES > blockLengths[row]
                    ? Double.doubleToRawLongBits(Double.NaN) : Bytes.getLong(values[row], blocks[row] + place);
        }
    }

    /** The codes of an ENUM; {@link Field#ENUM_NULL} where absent. */
    public void getEnumCodes(Field field, int[] into) {
        check(field, Field.Kind.ENUM);
        int place = field.place();
        for (int row = 0; row < count; row++) {
            into[row] = place + 1 > blockLengths[row] ? Field.ENUM_NULL : values[row][blocks[row] + place] & 0xFF;
        }
    }

    /** Where the bytes of a STRING begin in {@link #array}, by row; what is behind {@link #count} means nothing. */
    public int[] textOffsets(Field field) {
        check(field, Field.Kind.STRING);
        return textOffsets[field.place()];
    }

    /** Number of bytes of a STRING, by row; 0 where absent. */
    public int[] textLengths(Field field) {
        check(field, Field.Kind.STRING);
        return textLengths[field.place()];
    }

    /** Number of LEVELS of a row. */
    public int levelCount(Field field, int row) {
        check(field, Field.Kind.LEVELS);
        return groupCounts[field.place()][row];
    }

    /** Price of level {@code level}, 0 being the best. */
    public double levelPrice(Field field, int row, int level) {
        return Bytes.getDouble(values[row], levelOffset(field, row, level));
    }

    /** Volume of level {@code level}, 0 being the best. */
    public double levelVolume(Field field, int row, int level) {
        return Bytes.getDouble(values[row], levelOffset(field, row, level) + EventView.LEVEL_VOLUME_OFFSET);
    }

    private int levelOffset(Field field, int row, int level) {
        return groupOffsets[field.place()][row] + level * groupEntryLengths[field.place()][row];
    }

    private void check(Field field, Field.Kind kind) {
        if (field.recordType() != type || field.kind() != kind) {
            throw new IllegalArgumentException(field + " is not a field of " + type.table() + " of kind " + kind);
        }
    }
}
