package io.qaexchange.parquet.column;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.page.PageWriter;
import org.apache.parquet.column.statistics.SizeStatistics;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridEncoder;
import org.apache.parquet.column.values.rle.RunLengthBitPackingHybridValuesWriter;
import org.apache.parquet.schema.PrimitiveType;

/**
 * Values of one column of a row group, kept until the group ends and then written page by page. The library's column writers take each
 * value through a dozen calls and decide on a dictionary at the first page. This class appends to an array, and encodes a page in a loop
 * when the whole row group is known.
 *
 * <p>Levels are those of this package's tables: a required column has none; an optional one has definition level 1 for a value; an element of
 * a list has that and repetition level 1 from the second on, an empty list definition level 0.
 *
 * <p>Memory: what the largest row group so far needed, at most 8 bytes for each number and its bytes for each text. One thread.
 */
abstract class ColumnValues {

    private static final int PAGE_ROWS = 8_000;
    /** More make a page of about a megabyte. */
    private static final int PAGE_ENTRIES = 120_000;
    private static final int INITIAL_ENTRIES = 1024;
    private static final byte NULL = 0;
    private static final byte PRESENT = 1;
    /** Beside {@link #PRESENT}: not the first of its list. */
    private static final byte REPEATED = 2;
    private static final int LEVEL_BITS = 1;
    private static final int ENCODER_BYTES = 1 << 12;
    private static final int MAX_ENCODER_BYTES = 1 << 20;

    private final ColumnDescriptor column;
    private final boolean hasDefinitions;
    private final boolean hasRepetitions;
    /** For each entry, a value or none, what it is; not used without levels. */
    private byte[] levels = new byte[INITIAL_ENTRIES];
    private int entries;
    private int nulls;

    ColumnValues(ColumnDescriptor column) {
        this.column = column;
        this.hasDefinitions = column.getMaxDefinitionLevel() > 0;
        this.hasRepetitions = column.getMaxRepetitionLevel() > 0;
    }

    /** Whether a value may be missing. */
    final boolean isOptional() {
        return hasDefinitions;
    }

    /** A value comes: the first of its row. */
    final void first() {
        if (hasDefinitions) {
            level(PRESENT);
        }
        entries++;
    }

    /** A value comes: another of the list in this row. */
    final void next() {
        level((byte) (PRESENT | REPEATED));
        entries++;
    }

    /** The row has no value, or an empty list. */
    final void none() {
        level(NULL);
        entries++;
        nulls++;
    }

    /** A value comes for each of so many rows. */
    final void all(int rows) {
        if (hasDefinitions) {
            if (entries + rows > levels.length) {
                levels = Arrays.copyOf(levels, Math.max(2 * levels.length, entries + rows));
            }
            Arrays.fill(levels, entries, entries + rows, PRESENT);
        }
        entries += rows;
    }

    private void level(byte level) {
        if (entries == levels.length) {
            levels = Arrays.copyOf(levels, 2 * entries);
        }
        levels[entries] = level;
    }

    /** Values so far. */
    final int count() {
        return entries - nulls;
    }

    /** An array with room for another value. */
    static long[] withRoom(long[] values, int count) {
        return count < values.length ? values : Arrays.copyOf(values, Math.max(INITIAL_ENTRIES, 2 * count));
    }

    /** As {@link #withRoom(long[], int)}. */
    static int[] withRoom(int[] values, int count) {
        return count < values.length ? values : Arrays.copyOf(values, Math.max(INITIAL_ENTRIES, 2 * count));
    }

    /** Writes the row group's pages and forgets its values. */
    final void finish(PageWriter pages) throws IOException {
        if (entries == 0) {
            return;
        }
        DictionaryPage dictionary = dictionary();
        if (dictionary != null) {
            pages.writeDictionaryPage(dictionary);
        }
        int value = 0;
        for (int from = 0; from < entries;) {
            int to = pageEnd(from);
            int present = hasDefinitions ? ones(from, to, PRESENT) : to - from;
            int rows = hasRepetitions ? to - from - ones(from, to, REPEATED) : to - from;
            Statistics<?> statistics = Statistics.createStats(column.getPrimitiveType());
            statistics.incrementNumNulls(to - from - present);
            BytesInput data = encode(value, value + present, statistics);
            BytesInput page = BytesInput.concat(levels(hasRepetitions, from, to, REPEATED), levels(hasDefinitions, from, to, PRESENT), data);
            pages.writePage(page, to - from, rows, statistics,
                    SizeStatistics.noopBuilder(column.getPrimitiveType(), column.getMaxRepetitionLevel(), column.getMaxDefinitionLevel()).build(),
                    levelEncoding(hasRepetitions), levelEncoding(hasDefinitions), encoding());
            value += present;
            from = to;
        }
        entries = 0;
        nulls = 0;
        clear();
    }

    /** The library's way to say that there are no levels is BIT_PACKED. */
    private static Encoding levelEncoding(boolean has) {
        return has ? Encoding.RLE : Encoding.BIT_PACKED;
    }

    /** Where a page ends that begins there: before the first entry of a row. */
    private int pageEnd(int from) {
        if (!hasRepetitions) {
            return Math.min(entries, from + PAGE_ROWS);
        }
        int rows = 0;
        int at = from;
        while (at < entries) {
            if ((levels[at] & REPEATED) == 0 && (rows++ == PAGE_ROWS || at - from >= PAGE_ENTRIES)) {
                return at;
            }
            at++;
        }
        return entries;
    }

    private int ones(int from, int to, byte bit) {
        int count = 0;
        for (int i = from; i < to; i++) {
            count += (levels[i] & bit) != 0 ? 1 : 0;
        }
        return count;
    }

    private BytesInput levels(boolean has, int from, int to, byte bit) throws IOException {
        if (!has) {
            return BytesInput.empty();
        }
        int ones = ones(from, to, bit);
        if (ones == 0 || ones == to - from) {
            return run(to - from, ones == 0 ? 0 : 1);
        }
        try (RunLengthBitPackingHybridValuesWriter writer = new RunLengthBitPackingHybridValuesWriter(LEVEL_BITS, ENCODER_BYTES,
                MAX_ENCODER_BYTES, HeapByteBufferAllocator.getInstance())) {
            for (int i = from; i < to; i++) {
                writer.writeInteger((levels[i] & bit) != 0 ? 1 : 0);
            }
            return BytesInput.copy(writer.getBytes());
        }
    }

    /** Levels that are all the same: one run, after its length. */
    private static BytesInput run(int count, int level) {
        BytesInput run = BytesInput.concat(BytesInput.fromUnsignedVarInt(count << 1), BytesInput.from(new byte[] {(byte) level}));
        return BytesInput.concat(BytesInput.fromInt((int) run.size()), run);
    }

    /** Places in a dictionary, as a page of them has it: their width in bits, then runs and packed groups. */
    static BytesInput places(int[] ids, int from, int to, int dictionarySize) throws IOException {
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(dictionarySize - 1);
        if (bits == 0) {
            // One run of the only place, which takes no bits.
            return BytesInput.concat(BytesInput.from(new byte[] {0}), BytesInput.fromUnsignedVarInt(to - from << 1));
        }
        try (RunLengthBitPackingHybridEncoder encoder = new RunLengthBitPackingHybridEncoder(bits, ENCODER_BYTES, MAX_ENCODER_BYTES,
                HeapByteBufferAllocator.getInstance())) {
            for (int i = from; i < to; i++) {
                encoder.writeInt(ids[i]);
            }
            return BytesInput.concat(BytesInput.from(new byte[] {(byte) bits}), BytesInput.copy(encoder.toBytes()));
        }
    }

    /** Whether so many values are worth a dictionary. */
    static boolean pays(long dictionaryBytes, int dictionarySize, int count, long plainBytes) {
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(dictionarySize);
        return dictionaryBytes + (long) count * bits / Byte.SIZE < plainBytes;
    }

    static ByteBuffer littleEndian(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    final PrimitiveType type() {
        return column.getPrimitiveType();
    }

    /** Decides how the row group is encoded; null without a dictionary. */
    abstract DictionaryPage dictionary();

    /** The values of a page, whose smallest and largest the statistics are told. */
    abstract BytesInput encode(int from, int to, Statistics<?> statistics) throws IOException;

    /** How {@link #encode} does it. */
    abstract Encoding encoding();

    /** Forgets the values. */
    abstract void clear();
}
