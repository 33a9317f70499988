package io.qaexchange.storage.crash;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The program that {@link KilledProcessITCase} kills: writes to a store for ever and prints up to where its writes are durable. What it
 * writes is decided by the sequence number alone, so that whoever knows the last number knows what the store must hold.
 */
final class KilledProcess {
    static final FamilyOptions FAMILY = FamilyOptions.builder("state").appendDelimiter((byte) ',').blockBytes(1000).levelBaseBytes(100_000)
            .fileBytes(40_000).build();
    static final String DURABLE = "durable ";
    private static final int BATCH = 5;

    private KilledProcess() {}

    static StoreOptions.Builder options(Durability durability) {
        return StoreOptions.builder().durability(durability).memtableBytes(64 << 10).arenaChunkBytes(4096).walSegmentBytes(16 << 10)
                .blockCacheBytes(1 << 20).level0(2, 12, 20).groupCommit(2, 40);
    }

    /** @param args folder, durability */
    public static void main(String[] args) throws IOException {
        PrintStream out = System.out;
        Durability durability = Durability.valueOf(args[1]);
        StoreOptions options = options(durability).listener(event -> out.println(event.getClass().getSimpleName())).build();
        try (LsmStore store = LsmStore.open(Path.of(args[0]), options)) {
            ColumnFamily family = store.createFamily(FAMILY);
            long told = 0;
            while (!out.checkError()) {
                long last = store.write(batch(family, store.lastSequence() + 1));
                if (durability == Durability.NONE && last % 64 == 0) {
                    store.sync();
                }
                long durable = store.durableSequence();
                if (durable > told) {
                    told = durable;
                    out.println(DURABLE + durable);
                }
            }
        }
    }

    private static boolean isBatch(long sequence) {
        return sequence % 10 == 0;
    }

    private static WriteBatch batch(ColumnFamily family, long sequence) {
        WriteBatch batch = new WriteBatch();
        for (long s = sequence; s < next(sequence); s++) {
            if (s % 101 == 0) {
                batch.deleteRange(family, range(s));
            } else if (s % 17 == 0) {
                batch.delete(family, key(s));
            } else if (s % 13 == 0) {
                batch.append(family, Slice.of(key(s)), Slice.of(value(s)));
            } else {
                batch.put(family, key(s), value(s));
            }
        }
        return batch;
    }

    /** Where the write begins that follows the one at {@code sequence}. */
    private static long next(long sequence) {
        return sequence + (isBatch(sequence) ? BATCH : 1);
    }

    /** The expected content of a store that has all writes up to a number; null if no write ends there. */
    static NavigableMap<byte[], byte[]> contents(long last) {
        NavigableMap<byte[], byte[]> contents = new TreeMap<>(Arrays::compareUnsigned);
        long sequence = 1;
        while (sequence <= last) {
            for (long s = sequence; s < next(sequence); s++) {
                apply(s, contents);
            }
            sequence = next(sequence);
        }
        return sequence == last + 1 ? contents : null;
    }

    private static void apply(long s, NavigableMap<byte[], byte[]> contents) {
        if (s % 101 == 0) {
            contents.subMap(range(s).lower(), range(s).upper()).clear();
        } else if (s % 17 == 0) {
            contents.remove(key(s));
        } else if (s % 13 == 0) {
            contents.merge(key(s), value(s), (old, more) -> (new String(old, StandardCharsets.UTF_8) + ',' + new String(more, StandardCharsets.UTF_8))
                    .getBytes(StandardCharsets.UTF_8));
        } else {
            contents.put(key(s), value(s));
        }
    }

    private static byte[] key(long sequence) {
        return String.format("key%03d", sequence * 7919 % 500).getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] value(long sequence) {
        return ("value " + sequence + " ").repeat((int) (sequence % 12)).getBytes(StandardCharsets.UTF_8);
    }

    private static KeyRange range(long sequence) {
        long from = sequence * 7919 % 490;
        return KeyRange.of(String.format("key%03d", from).getBytes(StandardCharsets.UTF_8),
                String.format("key%03d", from + 9).getBytes(StandardCharsets.UTF_8));
    }
}
