package io.qaexchange.storage.crash;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The writes to a store, in order, and the content that a store must have after any of them. Families are known by id,
 * since a dropped one's name may be used again. One thread.
 */
final class WriteLog {
    static final byte DELIMITER = ',';

    /** One write of one or several operations, which are there together or not at all. */
    final class Write {
        private final WriteBatch batch = new WriteBatch();
        private final List<Operation> operations = new ArrayList<>();

        Write put(ColumnFamily family, byte[] key, byte[] value) {
            batch.put(family, key, value);
            return with(family, model -> model.put(key, value));
        }

        Write delete(ColumnFamily family, byte[] key) {
            batch.delete(family, key);
            return with(family, model -> model.values.remove(key));
        }

        Write append(ColumnFamily family, byte[] key, byte[] value) {
            batch.append(family, Slice.of(key), Slice.of(value));
            return with(family, model -> model.append(key, value));
        }

        Write deleteRange(ColumnFamily family, KeyRange range) {
            batch.deleteRange(family, range);
            return range.isEmpty() ? this : with(family, model -> model.values.keySet().removeIf(range::contains));
        }

        Write dropBefore(ColumnFamily family, KeyRange range, long time) {
            batch.dropBefore(family, range, time);
            return with(family, model -> model.dropBefore(range, time));
        }

        private Write with(ColumnFamily family, java.util.function.Consumer<FamilyModel> effect) {
            operations.add(new Operation(family.id(), effect));
            return this;
        }

        /** Notes the write as begun: from now on it may be found after a crash. */
        WriteBatch begin() {
            operations.forEach(WriteLog.this::apply);
            if (!operations.isEmpty()) {
                remember();
            }
            return batch;
        }
    }

    private record Operation(int family, java.util.function.Consumer<FamilyModel> effect) {}

    private record DropWatermark(KeyRange range, long time) {}

    /** The expected content of a family. */
    private static final class FamilyModel {
        final NavigableMap<byte[], byte[]> values = new TreeMap<>(Arrays::compareUnsigned);
        final List<DropWatermark> dropWatermarks = new ArrayList<>();

        /** Below a drop watermark a write has no effect that anyone sees. */
        void put(byte[] key, byte[] value) {
            if (dropWatermarks.stream().noneMatch(dropWatermark -> isBelow(key, dropWatermark))) {
                values.put(key, value);
            }
        }

        void append(byte[] key, byte[] value) {
            values.merge(key, value, (old, more) -> {
                byte[] joined = Arrays.copyOf(old, old.length + 1 + more.length);
                joined[old.length] = DELIMITER;
                System.arraycopy(more, 0, joined, old.length + 1, more.length);
                return joined;
            });
        }

        void dropBefore(KeyRange range, long time) {
            DropWatermark dropWatermark = new DropWatermark(range, time);
            dropWatermarks.add(dropWatermark);
            values.keySet().removeIf(key -> isBelow(key, dropWatermark));
        }

        private static boolean isBelow(byte[] key, DropWatermark dropWatermark) {
            return dropWatermark.range().contains(key) && EventKeys.time(key) < dropWatermark.time();
        }
    }

    private final List<Operation> operations = new ArrayList<>();
    private final Map<Integer, FamilyModel> models = new HashMap<>();
    /** By sequence number at which a write ends: a hash of each family's contents. */
    private final TreeMap<Long, Map<Integer, Long>> digests = new TreeMap<>();

    WriteLog() {
        remember();
    }

    Write write() {
        return new Write();
    }

    private void apply(Operation operation) {
        operations.add(operation);
        operation.effect().accept(models.computeIfAbsent(operation.family(), id -> new FamilyModel()));
    }

    private void remember() {
        Map<Integer, Long> now = new HashMap<>();
        models.forEach((family, model) -> now.put(family, digest(model.values)));
        digests.put(lastSequence(), now);
    }

    long lastSequence() {
        return operations.size();
    }

    /** Whether a write ends with this number. */
    boolean isEndOfWrite(long sequence) {
        return digests.containsKey(sequence);
    }

    /** The expected hash of a family in a store that has the writes up to a number at which one ends. */
    long digest(int family, long sequence) {
        return digests.get(sequence).getOrDefault(family, digest(new TreeMap<>(Arrays::compareUnsigned)));
    }

    static long digest(NavigableMap<byte[], byte[]> contents) {
        long digest = contents.size();
        for (Map.Entry<byte[], byte[]> entry : contents.entrySet()) {
            digest = (digest ^ hash(entry.getKey())) * 0x9E3779B97F4A7C15L;
            digest = (Long.rotateLeft(digest, 31) ^ hash(entry.getValue())) * 0xD6E8FEB86659FD93L;
        }
        return digest;
    }

    private static long hash(byte[] bytes) {
        return Memory.hash(bytes, Memory.ARRAY_BASE, bytes.length);
    }

    /** The log of a store that lost all writes after a number. */
    WriteLog upTo(long sequence) {
        WriteLog log = new WriteLog();
        for (Operation operation : operations.subList(0, Math.toIntExact(sequence))) {
            log.apply(operation);
            if (isEndOfWrite(log.lastSequence())) {
                log.remember();
            }
        }
        return log;
    }

    /** Contents of a family as of a write, for messages and for checks of single keys. */
    NavigableMap<byte[], byte[]> contents(int family, long sequence) {
        FamilyModel model = upTo(sequence).models.get(family);
        return model == null ? new TreeMap<>(Arrays::compareUnsigned) : model.values;
    }
}
