package io.qaexchange.parquet.column;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.stream.IntStream;
import javax.annotation.Nullable;
import org.apache.parquet.bytes.BytesInput;
import org.apache.parquet.bytes.HeapByteBufferAllocator;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.column.Encoding;
import org.apache.parquet.column.page.DictionaryPage;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.column.values.bloomfilter.BlockSplitBloomFilter;
import org.apache.parquet.column.values.bloomfilter.BloomFilterWriter;
import org.apache.parquet.column.values.delta.DeltaBinaryPackingValuesWriterForInteger;
import org.apache.parquet.io.api.Binary;

/**
 * Texts as ranges of UTF-8 bytes. Each distinct text is kept once and rows hold its number; a dictionary is written if that is smaller.
 * Texts that rarely repeat, such as order ids, are not looked up: each is stored as its difference from the one before. One thread.
 */
final class TextColumn extends ColumnValues {

    private static final int MIN_SLOTS = 1 << 8;
    private static final int MIN_BYTES = 1 << 12;
    private static final int LENGTHS_BYTES = 1 << 12;
    private static final int MAX_LENGTHS_BYTES = 1 << 20;
    private static final int FREE = -1;
    private static final int NO_TEXT = -1;
    private static final int HASH_MULTIPLIER = 31;
    private static final int SPREAD = 0x9E3779B9;

    private final boolean unique;
    private int[] ids = {};
    /** Bytes of the texts, one after the other; text i ends at ends[i]. */
    private byte[] bytes = new byte[MIN_BYTES];
    private int[] ends = {};
    private int texts;
    private int[] slots = new int[MIN_SLOTS];
    private int lastId = NO_TEXT;
    /** Bytes of the values as they are. */
    private long plainBytes;
    private boolean withDictionary;
    /** For each text its rank among all; null without a dictionary. */
    @Nullable
    private int[] ranks;

    /** With {@code unique}, texts are taken to be different from each other. */
    TextColumn(ColumnDescriptor column, boolean unique) {
        super(column);
        this.unique = unique;
        Arrays.fill(slots, FREE);
    }

    void write(byte[] array, int offset, int length) {
        writeText(idOf(array, offset, length));
    }

    /** Adds a text that {@link #idOf} has numbered in this row group. */
    void writeText(int id) {
        int at = count();
        ids = withRoom(ids, at);
        ids[at] = id;
        plainBytes += Integer.BYTES + length(id);
        first();
    }

    /** The same for each of so many rows. */
    void writeText(int id, int rows) {
        int at = count();
        ids = withRoom(ids, at + rows - 1);
        Arrays.fill(ids, at, at + rows, id);
        plainBytes += (long) rows * (Integer.BYTES + length(id));
        all(rows);
    }

    /** The number of a text within the row group. */
    int idOf(byte[] array, int offset, int length) {
        if (unique) {
            return add(array, offset, length);
        }
        if (lastId == NO_TEXT || !isText(lastId, array, offset, length)) {
            lastId = find(array, offset, length);
        }
        return lastId;
    }

    private int find(byte[] array, int offset, int length) {
        int mask = slots.length - 1;
        int slot = slot(array, offset, offset + length, mask);
        while (slots[slot] != FREE) {
            if (isText(slots[slot], array, offset, length)) {
                return slots[slot];
            }
            slot = slot + 1 & mask;
        }
        int id = add(array, offset, length);
        slots[slot] = id;
        if (2 * texts > slots.length) {
            grow();
        }
        return id;
    }

    private static int slot(byte[] array, int from, int to, int mask) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = HASH_MULTIPLIER * hash + array[i];
        }
        hash *= SPREAD;
        return (hash ^ hash >>> Short.SIZE) & mask;
    }

    private void grow() {
        int mask = 2 * slots.length - 1;
        slots = new int[mask + 1];
        Arrays.fill(slots, FREE);
        for (int id = 0; id < texts; id++) {
            int slot = slot(bytes, start(id), ends[id], mask);
            while (slots[slot] != FREE) {
                slot = slot + 1 & mask;
            }
            slots[slot] = id;
        }
    }

    private int add(byte[] array, int offset, int length) {
        int start = texts == 0 ? 0 : ends[texts - 1];
        if (start + length > bytes.length) {
            bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, start + length));
        }
        System.arraycopy(array, offset, bytes, start, length);
        ends = withRoom(ends, texts);
        ends[texts] = start + length;
        return texts++;
    }

    private int start(int id) {
        return id == 0 ? 0 : ends[id - 1];
    }

    private int length(int id) {
        return ends[id] - start(id);
    }

    private boolean isText(int id, byte[] array, int offset, int length) {
        return Arrays.equals(bytes, start(id), ends[id], array, offset, offset + length);
    }

    /** Adds what the row group has to a Bloom filter, and writes that. */
    void writeBloomFilter(BloomFilterWriter writer, double falsePositives, int maxBytes) {
        if (texts == 0) {
            return;
        }
        int bits = BlockSplitBloomFilter.optimalNumOfBits(texts, falsePositives);
        BlockSplitBloomFilter filter = new BlockSplitBloomFilter(bits / Byte.SIZE, maxBytes);
        for (int id = 0; id < texts; id++) {
            filter.insertHash(filter.hash(Binary.fromConstantByteArray(bytes, start(id), length(id))));
        }
        writer.writeBloomFilter(filter);
    }

    @Override
    DictionaryPage dictionary() {
        long dictionaryBytes = (texts == 0 ? 0 : ends[texts - 1]) + (long) Integer.BYTES * texts;
        withDictionary = !unique && texts > 0 && pays(dictionaryBytes, texts, count(), plainBytes);
        if (!withDictionary) {
            return null;
        }
        ranks = new int[texts];
        int[] sorted = IntStream.range(0, texts).boxed().sorted(this::compare).mapToInt(Integer::intValue).toArray();
        for (int rank = 0; rank < texts; rank++) {
            ranks[sorted[rank]] = rank;
        }
        ByteBuffer page = littleEndian((int) dictionaryBytes);
        for (int id = 0; id < texts; id++) {
            put(id, page);
        }
        return new DictionaryPage(BytesInput.from(page.flip()), texts, Encoding.PLAIN_DICTIONARY);
    }

    private void put(int id, ByteBuffer page) {
        page.putInt(length(id)).put(bytes, start(id), length(id));
    }

    private int compare(int a, int b) {
        return Arrays.compareUnsigned(bytes, start(a), ends[a], bytes, start(b), ends[b]);
    }

    @Override
    BytesInput encode(int from, int to, Statistics<?> statistics) throws IOException {
        if (from < to) {
            tell(from, to, statistics);
        }
        if (withDictionary) {
            return places(ids, from, to, texts);
        }
        return unique ? differences(from, to) : plain(from, to);
    }

    private BytesInput plain(int from, int to) {
        int length = 0;
        for (int i = from; i < to; i++) {
            length += Integer.BYTES + length(ids[i]);
        }
        ByteBuffer page = littleEndian(length);
        for (int i = from; i < to; i++) {
            put(ids[i], page);
        }
        return BytesInput.from(page.flip());
    }

    /** For each text the number of bytes that it shares with the one before, and the rest: ids of one source count up. */
    private BytesInput differences(int from, int to) throws IOException {
        byte[] rest = new byte[from < to ? ends[ids[to - 1]] - start(ids[from]) : 0];
        int length = 0;
        try (DeltaBinaryPackingValuesWriterForInteger shared = lengths(); DeltaBinaryPackingValuesWriterForInteger others = lengths()) {
            for (int i = from; i < to; i++) {
                int start = start(ids[i]);
                int end = ends[ids[i]];
                int same = i == from ? 0 : sharedWith(start(ids[i - 1]), ends[ids[i - 1]], start, end);
                shared.writeInteger(same);
                others.writeInteger(end - start - same);
                System.arraycopy(bytes, start + same, rest, length, end - start - same);
                length += end - start - same;
            }
            return BytesInput.concat(BytesInput.copy(shared.getBytes()), BytesInput.copy(others.getBytes()), BytesInput.from(rest, 0, length));
        }
    }

    private int sharedWith(int previousStart, int previousEnd, int start, int end) {
        int most = Math.min(previousEnd - previousStart, end - start);
        int at = Arrays.mismatch(bytes, previousStart, previousStart + most, bytes, start, start + most);
        return at < 0 ? most : at;
    }

    private static DeltaBinaryPackingValuesWriterForInteger lengths() {
        return new DeltaBinaryPackingValuesWriterForInteger(LENGTHS_BYTES, MAX_LENGTHS_BYTES, HeapByteBufferAllocator.getInstance());
    }

    private void tell(int from, int to, Statistics<?> statistics) {
        int least = ids[from];
        int greatest = least;
        for (int i = from + 1; i < to; i++) {
            int id = ids[i];
            if (id == least || id == greatest) {
                continue;
            }
            if (withDictionary ? ranks[id] < ranks[least] : compare(id, least) < 0) {
                least = id;
            } else if (withDictionary ? ranks[id] > ranks[greatest] : compare(id, greatest) > 0) {
                greatest = id;
            }
        }
        statistics.updateStats(Binary.fromConstantByteArray(Arrays.copyOfRange(bytes, start(least), ends[least])));
        statistics.updateStats(Binary.fromConstantByteArray(Arrays.copyOfRange(bytes, start(greatest), ends[greatest])));
    }

    @Override
    Encoding encoding() {
        return withDictionary ? Encoding.PLAIN_DICTIONARY : unique ? Encoding.DELTA_BYTE_ARRAY : Encoding.PLAIN;
    }

    @Override
    void clear() {
        texts = 0;
        plainBytes = 0;
        lastId = NO_TEXT;
        ranks = null;
        if (!unique) {
            Arrays.fill(slots, FREE);
        }
    }
}
