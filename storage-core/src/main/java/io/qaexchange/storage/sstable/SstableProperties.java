package io.qaexchange.storage.sstable;

import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Properties of an sstable: names and values, more of them in later versions without a new format. Names that begin with
 * {@link #USER_PREFIX} are the caller's. Immutable.
 *
 * <p>On disk: count (varint), then name and value (each varint length and bytes), ascending by name. Numbers are 8 bytes, little-endian.
 */
public final class SstableProperties {
    public static final String USER_PREFIX = "user.";
    static final String METADATA = "metadata";
    static final String BLOOM_BITS_PER_KEY = "bloom.bits-per-key";
    static final String COMPRESSION = "compression";
    static final String BLOCK_SIZE = "block-size";
    static final String EVENT_TIME_FROM_END = "event-time-from-end";
    static final String FIXED_BLOCKS = "blocks.fixed";
    static final String PREFIX_BLOCKS = "blocks.prefix";
    static final String INDEX_BLOCKS = "blocks.index";
    static final String CREATED_BY = "created.by";
    static final String CREATED_AT_MS = "created.at-ms";
    static final String WRITER = "writer";

    private final SortedMap<String, byte[]> values;

    private SstableProperties(SortedMap<String, byte[]> values) {
        this.values = values;
    }

    static final class Builder {
        private final SortedMap<String, byte[]> values = new TreeMap<>();

        Builder number(String name, long value) {
            return bytes(name, new ByteWriter(Long.BYTES).u64(value).toByteArray());
        }

        Builder text(String name, String value) {
            return bytes(name, value.getBytes(StandardCharsets.UTF_8));
        }

        Builder bytes(String name, byte[] value) {
            values.put(name, value);
            return this;
        }

        SstableProperties build() {
            return new SstableProperties(values);
        }
    }

    void encode(ByteWriter out) {
        out.varint(values.size());
        values.forEach((name, value) -> out.utf8(name).bytes(value));
    }

    static SstableProperties decode(Slice payload, Object file, long offset) throws CorruptionException {
        ByteReader in = new ByteReader(payload, file, offset);
        SortedMap<String, byte[]> values = new TreeMap<>();
        int count = in.varint32();
        for (int i = 0; i < count; i++) {
            values.put(in.utf8(), in.bytes());
        }
        if (in.hasRemaining() || !values.containsKey(METADATA)) {
            throw in.corrupt("properties block makes no sense");
        }
        return new SstableProperties(values);
    }

    /** A property given to {@link SstableOptions.Builder#userProperty}; null if there is none. */
    public byte[] user(String name) {
        return values.get(USER_PREFIX + name);
    }

    /** A number, or {@code absent} if a writer of another version left it out. */
    public long number(String name, long absent) {
        byte[] value = values.get(name);
        return value == null || value.length != Long.BYTES ? absent : Memory.getLong(value, Memory.ARRAY_BASE);
    }

    /** A text, empty if there is none. */
    public String text(String name) {
        byte[] value = values.get(name);
        return value == null ? "" : new String(value, StandardCharsets.UTF_8);
    }

    public int bloomBitsPerKey() {
        return (int) number(BLOOM_BITS_PER_KEY, 0);
    }

    /** Name of the compression that was asked for; single blocks may be stored uncompressed. */
    public String compression() {
        return text(COMPRESSION);
    }

    public int blockSizeBytes() {
        return (int) number(BLOCK_SIZE, 0);
    }

    /** Bytes from the end of a user key to its event time; -1 = keys carry none. */
    public int eventTimeFromEnd() {
        return (int) number(EVENT_TIME_FROM_END, -1);
    }

    public long fixedBlocks() {
        return number(FIXED_BLOCKS, 0);
    }

    public long prefixBlocks() {
        return number(PREFIX_BLOCKS, 0);
    }

    public long indexBlocks() {
        return number(INDEX_BLOCKS, 0);
    }

    public String createdBy() {
        return text(CREATED_BY);
    }

    public long createdAtMs() {
        return number(CREATED_AT_MS, 0);
    }

    SstableMetadata metadata(long fileSize, Object file, long offset) throws CorruptionException {
        SstableMetadata stored = SstableMetadata.decode(new ByteReader(values.get(METADATA), file, offset));
        return new SstableMetadata(fileSize, stored.entries(), stored.distinctKeys(), stored.puts(), stored.deletes(),
                stored.appends(), stored.rangeTombstones(), stored.smallestKey(), stored.largestKey(), stored.range(),
                stored.smallestSequence(), stored.largestSequence(), stored.minEventTime(), stored.maxEventTime(),
                stored.rawKeyBytes(), stored.rawValueBytes(), stored.dataBytes(), stored.minWriteMillis(), stored.maxWriteMillis(), stored.keyLength(),
                stored.longestTombstoneRun());
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (Map.Entry<String, byte[]> property : values.entrySet()) {
            if (!property.getKey().equals(METADATA)) {
                byte[] value = property.getValue();
                boolean isText = property.getKey().equals(COMPRESSION) || property.getKey().equals(CREATED_BY)
                        || property.getKey().equals(WRITER);
                text.append(property.getKey()).append('=').append(isText || value.length != Long.BYTES ? Slice.printable(value)
                        : Long.toString(Memory.getLong(value, Memory.ARRAY_BASE))).append(' ');
            }
        }
        return text.toString().trim();
    }
}
