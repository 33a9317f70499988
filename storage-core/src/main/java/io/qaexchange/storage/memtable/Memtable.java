package io.qaexchange.storage.memtable;

import io.qaexchange.storage.iterator.EntrySink;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.MemoryPool;
import io.qaexchange.storage.memory.Slice;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntPredicate;

/**
 * The writes since the last flush, of all families of a store: sorted per family, and at the same time the log in the order of
 * the sequence numbers.
 *
 * <p>Lives until its references are gone ({@link #retain}, {@link #release}); then its memory goes back to the pool.
 *
 * <p>Threads: one writer; readers from any thread that hold a reference. A read at a snapshot sees every write that was published
 * (see the store's last sequence) before the snapshot was taken.
 */
public final class Memtable {
    private static final FamilyTable[] NO_TABLES = new FamilyTable[0];
    private static final int[] NO_KEYS = new int[0];

    private final long id;
    private final RecordArena records;
    private final Arena nodes;
    private final AtomicInteger references = new AtomicInteger(1);
    private volatile IntPredicate hashed;
    /** By family id: what hash indexes are made for at once. */
    private final int[] expectedKeys;

    /** By family id; copied when a family is first written. Volatile: readers find a table that was complete before. */
    private volatile FamilyTable[] tables = NO_TABLES;

    /** Where the log stood after some sequence numbers. Any thread reads. */
    private final ConcurrentSkipListMap<Long, Arena.Position> marks = new ConcurrentSkipListMap<>();

    /** The most memory that a single write takes for a hash index; the writer's. */
    private int indexBytesOfOne;
    private long firstSequence;
    private volatile long lastSequence;
    private long entryCount;

    /** One without hash indexes. @param chunkBytes granularity of memory, a power of two */
    public Memtable(long id, MemoryPool pool, int chunkBytes) {
        this(id, pool, chunkBytes, family -> false, null);
    }

    /**
     * @param hashed asked with a family's id when it is first written, whether its keys are found by hash, too
     * @param before what was written to before, so of like content; null if not known
     */
    public Memtable(long id, MemoryPool pool, int chunkBytes, IntPredicate hashed, Memtable before) {
        this.id = id;
        this.hashed = hashed;
        expectedKeys = before == null ? NO_KEYS : Arrays.stream(before.tables).mapToInt(table -> table == null ? 0 : table.keys).toArray();
        records = new RecordArena(pool, chunkBytes);
        nodes = new Arena(pool, chunkBytes);
    }

    /** Numbers memtables of a store in the order in which they were begun. */
    public long id() {
        return id;
    }

    // Writing.

    /** Any operation, as a batch or the log has it: of a range operation, key and value are what {@link ValueKind} says. */
    public void apply(int family, Slice key, long trailer, Slice value) {
        switch (Trailer.kind(trailer)) {
            case ValueKind.PUT, ValueKind.DELETE, ValueKind.APPEND -> add(family, key, trailer, value);
            case ValueKind.DELETE_RANGE -> deleteRange(family, key, value, Trailer.sequence(trailer));
            case ValueKind.DROP_BEFORE -> dropBefore(family, key, value, Trailer.sequence(trailer));
            default -> throw new IllegalArgumentException("no such operation: " + Trailer.toString(trailer));
        }
    }

    /** @param trailer sequence number and kind (PUT, DELETE, APPEND); sequence numbers never fall */
    public void add(int family, Slice key, long trailer, Slice value) {
        FamilyTable table = table(family);
        table.add(family, key, trailer, value);
        wrote(trailer);
    }

    public void deleteRange(int family, Slice lower, Slice upper, long sequence) {
        long trailer = Trailer.of(sequence, ValueKind.DELETE_RANGE);
        records.appendRange(family, lower, trailer, upper);
        FamilyTable table = table(family);
        table.rangeDeletions.add(new RangeTombstone(KeyRange.of(lower.toByteArray(), upper.toByteArray()), sequence));
        wrote(trailer);
    }

    /** Notes a drop watermark in the log; what it hides is the store's business. */
    public void dropBefore(int family, Slice lower, Slice timeAndUpper, long sequence) {
        long trailer = Trailer.of(sequence, ValueKind.DROP_BEFORE);
        records.appendRange(family, lower, trailer, timeAndUpper);
        wrote(trailer);
    }

    private void wrote(long trailer) {
        long sequence = Trailer.sequence(trailer);
        if (entryCount++ == 0) {
            firstSequence = sequence;
        }
        lastSequence = sequence;
    }

    private FamilyTable table(int family) {
        FamilyTable[] now = tables;
        if (family < now.length && now[family] != null) {
            return now[family];
        }
        FamilyTable table;
        if (hashed.test(family)) {
            table = FamilyTable.withHashIndex(nodes, records, family < expectedKeys.length ? expectedKeys[family] : 0);
            indexBytesOfOne = HashIndex.MOST_BYTES_OF_ONE;
        } else {
            table = FamilyTable.withoutHashIndex(nodes, records);
        }
        FamilyTable[] more = Arrays.copyOf(now, Math.max(now.length, family + 1));
        more[family] = table;
        tables = more;
        return table;
    }

    /** Bytes that a write of this size may take from the pool. */
    public static long sizeOf(int keyLength, int valueLength) {
        return RecordArena.sizeOf(keyLength, valueLength);
    }

    /** Who is asked from now on which families' keys are found by hash: of a memtable that somebody else has filled. */
    public void hashed(IntPredicate families) {
        hashed = families;
    }

    /**
     * Bytes that writes would make the memtable take from the pool; the writer's thread only.
     *
     * @param writes how many they are
     * @param bytes of all of them
     */
    public long wouldTake(int writes, long bytes) {
        long more = 0;
        if (bytes > Integer.MAX_VALUE || !records.arena().hasRoomFor((int) bytes)) {
            more += Math.max(bytes, records.arena().chunkBytes());
        }
        // A new key makes at most a new node and a copy of one, each with a part of the key as its prefix, and what an index may take.
        long nodeBytes = 2 * RadixTree.MAX_NODE_BYTES + bytes + (writes == 1 ? indexBytesOfOne : indexBytes(writes));
        if (nodeBytes > Integer.MAX_VALUE || !nodes.hasRoomFor((int) nodeBytes)) {
            more += Math.max(nodeBytes, nodes.chunkBytes());
        }
        return more;
    }

    private long indexBytes(int writes) {
        long sum = 0;
        for (FamilyTable table : tables) {
            sum += table == null ? 0 : table.indexBytes(writes);
        }
        return sum;
    }

    // Reading.

    /**
     * Hands the versions of a key that a reader at {@code snapshot} sees to the sink, newest first, until it has enough.
     *
     * @return false if the sink said that it needs no older versions
     */
    public boolean get(int family, Slice key, long snapshot, EntrySink sink, Slice scratch) {
        FamilyTable table = tableOrNull(family);
        if (table == null) {
            return true;
        }
        int record = table.find(key);
        if (record == 0) {
            return true;
        }
        for (int version = records.newestFrom(record, Trailer.visibleAt(snapshot)); version != 0; version = records.older(version)) {
            records.valueOf(record, version, scratch);
            if (!sink.accept(records.trailer(version), scratch)) {
                return false;
            }
        }
        return true;
    }

    /** Deletions of ranges, in the order in which they were written. */
    public List<RangeTombstone> rangeTombstones(int family) {
        FamilyTable table = tableOrNull(family);
        return table == null ? List.of() : table.rangeDeletions.all();
    }

    /** The range deletions that may meet keys of a range, cut into fragments. */
    public RangeTombstoneList rangeTombstones(int family, KeyRange range) {
        FamilyTable table = tableOrNull(family);
        return table == null ? RangeTombstoneList.EMPTY : table.rangeDeletions.within(range);
    }

    public boolean hasRangeDeletions(int family) {
        FamilyTable table = tableOrNull(family);
        return table != null && !table.rangeDeletions.isEmpty();
    }

    /** The newest deletion of a range that holds the key and that a reader at {@code snapshot} sees; 0 if there is none. */
    public long newestCovering(int family, Slice key, long snapshot) {
        FamilyTable table = tableOrNull(family);
        return table == null ? 0 : table.rangeDeletions.newestCovering(key, snapshot);
    }

    public boolean hasEntries(int family) {
        FamilyTable table = tableOrNull(family);
        return table != null && table.ends.first != 0;
    }

    /**
     * The part of a memtable in a range.
     *
     * @param bytes of keys and values
     * @param entries versions and tombstones
     */
    public record Size(long bytes, long entries) {}

    /** Exact for small ranges and for nearly all of a family; else a guess between what was counted and what there can be. */
    public Size estimate(int family, KeyRange range) {
        FamilyTable table = tableOrNull(family);
        if (table == null || range.isEmpty()) {
            return new Size(0, 0);
        }
        long all = table.entries;
        long inside = range.isAll() ? all : table.count(range.lower(), range.upper());
        if (inside == FamilyTable.ESTIMATE_STEPS) {
            long before = table.count(new byte[0], range.lower());
            long behind = range.upper() == null ? 0 : table.count(range.upper(), null);
            long rest = Math.max(inside, all - before - behind);
            boolean exact = before < FamilyTable.ESTIMATE_STEPS && behind < FamilyTable.ESTIMATE_STEPS;
            inside = exact ? rest : (inside + rest) / 2;
        }
        return new Size(all == 0 ? 0 : (long) ((double) table.bytes * inside / all), inside);
    }

    public InternalIterator iterator(int family) {
        FamilyTable table = tableOrNull(family);
        return table == null ? new EmptyIterator() : new FamilyTableIterator(table);
    }

    FamilyTable tableOrNull(int family) {
        FamilyTable[] now = tables;
        return family < now.length ? now[family] : null;
    }

    /** Ids of the families that were written to. */
    public int[] families() {
        FamilyTable[] now = tables;
        return java.util.stream.IntStream.range(0, now.length).filter(i -> now[i] != null).toArray();
    }

    /** Bytes taken from the pool: what counts against the memtable's size. */
    public long memoryBytes() {
        return records.arena().allocatedBytes() + nodes.allocatedBytes();
    }

    /** Bytes of records, without tree and unused room. */
    public long recordBytes() {
        return records.arena().usedBytes();
    }

    public boolean isEmpty() {
        return entryCount == 0;
    }

    public long entryCount() {
        return entryCount;
    }

    /** Sequence number of the first write; meaningless while empty. */
    public long firstSequence() {
        return firstSequence;
    }

    public long lastSequence() {
        return lastSequence;
    }

    /** @return false if the memory is gone already */
    public boolean retain() {
        int now;
        do {
            now = references.get();
            if (now == 0) {
                return false;
            }
        } while (!references.compareAndSet(now, now + 1));
        return true;
    }

    public void release() {
        int left = references.decrementAndGet();
        if (left < 0) {
            throw new IllegalStateException("memtable " + id + " was released more often than retained");
        }
        if (left == 0) {
            records.arena().free();
            nodes.free();
        }
    }

    /** Takes the operations of a log walk, in the order in which they were written. */
    @FunctionalInterface
    public interface LogSink {
        /**
         * @param key of a range operation, the lower end; views, good during the call
         * @param value of a range operation, as {@link ValueKind} says
         */
        void accept(int family, long trailer, Slice key, Slice value) throws java.io.IOException;
    }

    /**
     * Walks what was written after one sequence number up to another, leaving out versions that a later write within the walk hides: who
     * restores at the walk's end needs only the newest. Appends and range operations are always kept.
     *
     * <p>Of a memtable that is still written to, only what was {@link #mark marked} can be walked, from any thread.
     *
     * @param after walk begins after this number
     * @param upTo last number of the walk
     */
    public void walkLog(long after, long upTo, LogSink sink) throws java.io.IOException {
        Arena arena = records.arena();
        Arena.Position from = placeBefore(after);
        Arena.Position to = placeBehind(upTo);
        Slice key = new Slice();
        Slice value = new Slice();
        int chunk = from.chunk();
        int offset = from.offset();
        while (chunk < to.chunk() || chunk == to.chunk() && offset < to.offset()) {
            if (chunk < to.chunk() && offset >= arena.chunkEnd(chunk)) {
                chunk++;
                offset = 0;
                continue;
            }
            int record = arena.reference(chunk, offset);
            offset += records.recordBytes(record);
            boolean isRange = records.recordType(record) == RecordArena.RANGE_RECORD;
            int version = isRange ? 0 : records.versionOf(record);
            long trailer = isRange ? records.rangeTrailer(record) : records.trailer(version);
            if (Trailer.sequence(trailer) > upTo) {
                return;
            }
            if (Trailer.sequence(trailer) <= after) {
                continue;
            }
            if (isRange) {
                records.rangeLower(record, key);
                records.rangeValue(record, value);
                sink.accept(records.family(record), trailer, key, value);
                continue;
            }
            long hiddenBy = records.hiddenBy(version);
            if (hiddenBy != 0 && hiddenBy <= upTo) {
                continue;
            }
            int keyRecord = records.keyRecordOf(record);
            records.keyOf(keyRecord, key);
            records.valueOf(keyRecord, version, value);
            sink.accept(records.family(keyRecord), trailer, key, value);
        }
    }

    /** About how many bytes of memory the log between two sequence numbers takes; more where there are no marks at its ends. */
    public long logBytes(long after, long upTo) {
        Arena.Position from = placeBefore(after);
        Arena.Position to = placeBehind(upTo);
        return (to.chunk() - from.chunk()) * (long) records.arena().chunkBytes() + to.offset() - from.offset();
    }

    /**
     * Notes where the log stands, so that a walk can begin or end here; only while nobody writes.
     *
     * @param sequence of the last write, of whichever memtable
     */
    public void mark(long sequence) {
        marks.put(sequence, records.arena().end());
    }

    private Arena.Position placeBefore(long sequence) {
        Map.Entry<Long, Arena.Position> mark = marks.floorEntry(sequence);
        return mark == null ? Arena.Position.START : mark.getValue();
    }

    /** Without a mark, the end: the memtable is no longer written to then. */
    private Arena.Position placeBehind(long sequence) {
        Map.Entry<Long, Arena.Position> mark = marks.ceilingEntry(sequence);
        return mark == null ? records.arena().end() : mark.getValue();
    }

    private static final class EmptyIterator extends InternalIterator {
        @Override
        public void seekToFirst() {}

        @Override
        public void seekToLast() {}

        @Override
        public void seek(Slice target, long targetTrailer) {}

        @Override
        public void seekBefore(Slice target, long targetTrailer) {}

        @Override
        public void next() {
            throw new IllegalStateException("not positioned");
        }

        @Override
        public void nextKey() {
            throw new IllegalStateException("not positioned");
        }

        @Override
        public void previous() {
            throw new IllegalStateException("not positioned");
        }
    }
}
