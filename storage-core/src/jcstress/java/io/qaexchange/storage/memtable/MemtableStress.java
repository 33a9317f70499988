package io.qaexchange.storage.memtable;

import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/** Readers without locks beside the one writer of a memtable. Fields of inner classes are the tests' states. */
public final class MemtableStress {
    private static final int FAMILY = 1;

    private MemtableStress() {}

    /** A memtable, and the number that is published after each write, as the write path does it. */
    static class Shared {
        final Memtable memtable;
        volatile long published;

        Shared() {
            this(false);
        }

        /** @param hashed whether keys are found by hash, too */
        Shared(boolean hashed) {
            memtable = new Memtable(1, new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 1 << 20), 4096, family -> hashed, null);
        }

        void put(String key, String value) {
            long sequence = published + 1;
            memtable.add(FAMILY, slice(key), Trailer.of(sequence, ValueKind.PUT), slice(value));
            published = sequence;
        }

        void putTwice() {
            put("key", "value A");
            put("key", "value B");
        }

        void readPublished(II_Result result) {
            long snapshot = published;
            result.r1 = (int) snapshot;
            result.r2 = last("key", snapshot);
        }

        /** The last letter of the key's value as seen at {@code snapshot}; 0 if there is none. */
        int last(String key, long snapshot) {
            int[] seen = new int[1];
            memtable.get(FAMILY, slice(key), snapshot, (trailer, value) -> {
                seen[0] = value.getByte(value.length() - 1);
                return false;
            }, new Slice());
            return seen[0];
        }

        private static Slice slice(String text) {
            return Slice.of(text.getBytes(StandardCharsets.US_ASCII));
        }
    }

    /** Who sees a sequence number sees what was written with it, bytes and all. */
    @JCStressTest
    @State
    @Outcome(id = {"0, 0", "1, 65", "2, 66"}, expect = Expect.ACCEPTABLE, desc = "the value of the number that was seen")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a published write is not there, or another's value is")
    public static class PublishedIsVisible extends Shared {
        @Actor
        public void writer() {
            putTwice();
        }

        @Actor
        public void reader(II_Result result) {
            readPublished(result);
        }
    }

    /** The same of a key that is found by its hash. */
    @JCStressTest
    @State
    @Outcome(id = {"0, 0", "1, 65", "2, 66"}, expect = Expect.ACCEPTABLE, desc = "the value of the number that was seen")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a published write is not there, or another's value is")
    public static class PublishedIsVisibleByHash extends Shared {
        public PublishedIsVisibleByHash() {
            super(true);
        }

        @Actor
        public void writer() {
            putTwice();
        }

        @Actor
        public void reader(II_Result result) {
            readPublished(result);
        }
    }

    /** Old and new keys are found while the index's only segment, which is full, is copied into two. */
    @JCStressTest
    @State
    @Outcome(id = {"65, 0", "65, 66"}, expect = Expect.ACCEPTABLE, desc = "found as soon as published")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a key was lost while the index changed")
    public static class IndexSplitsLoseNothing extends Shared {
        private static final int FULL = 96;

        public IndexSplitsLoseNothing() {
            super(true);
            for (int i = 0; i < FULL; i++) {
                put("key" + i, "A");
            }
        }

        @Actor
        public void writer() {
            put("new", "B");
        }

        @Actor
        public void reader(II_Result result) {
            long snapshot;
            int looks = 0;
            // Looks all through the write: once would mostly be before the split.
            do {
                snapshot = published;
                result.r1 = last("key7", snapshot);
                looks++;
            } while (result.r1 == 'A' && snapshot == FULL && looks < 1000);
            int found = last("new", snapshot);
            result.r2 = snapshot > FULL && found == 0 ? -1 : found;
        }
    }

    /** A key stays to be found while nodes above it split, grow and are swapped. */
    @JCStressTest
    @State
    @Outcome(id = "65", expect = Expect.ACCEPTABLE, desc = "found")
    @Outcome(expect = Expect.FORBIDDEN, desc = "a key was lost while the tree changed")
    public static class SplitsLoseNothing extends Shared {
        public SplitsLoseNothing() {
            put("prefix-long-1", "A");
        }

        @Actor
        public void writer() {
            put("prefix-other", "B");
            put("prefix-long-2", "B");
            put("prefix-long-3", "B");
            put("prefix-long-4", "B");
            put("prefix-long-5", "B");
            put("pre", "B");
        }

        @Actor
        public void reader(I_Result result) {
            result.r1 = last("prefix-long-1", 1);
        }
    }

    /** A walk sees all that was there before it began, in order, whatever is linked in meanwhile. */
    @JCStressTest
    @State
    @Outcome(id = {"2, 1", "3, 1", "4, 1"}, expect = Expect.ACCEPTABLE, desc = "both old keys, perhaps new ones, in order")
    @Outcome(expect = Expect.FORBIDDEN, desc = "an old key was passed over, or the order is wrong")
    public static class WalksAreOrdered extends Shared {
        public WalksAreOrdered() {
            put("b", "1");
            put("f", "1");
        }

        @Actor
        public void writer() {
            put("d", "2");
            put("c", "2");
        }

        @Actor
        public void reader(II_Result result) {
            int previous = 0;
            int old = 0;
            boolean ordered = true;
            try (InternalIterator iterator = memtable.iterator(FAMILY)) {
                for (iterator.seekToFirst(); iterator.valid(); iterator.next()) {
                    int letter = iterator.key().getByte(0);
                    ordered &= letter > previous;
                    previous = letter;
                    old += letter == 'b' || letter == 'f' ? 1 : 0;
                    result.r1++;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            result.r2 = ordered && old == 2 ? 1 : 0;
        }
    }

    /** Memory goes back when the last of owner and reader lets go, and a reader that comes too late is told so. */
    @JCStressTest
    @State
    @Outcome(id = {"1, 1", "0, 0"}, expect = Expect.ACCEPTABLE, desc = "held while read, or refused")
    @Outcome(expect = Expect.FORBIDDEN, desc = "read after it was given back")
    public static class RetainedIsNotFreed {
        private final BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 1 << 20);
        private final Memtable memtable = new Memtable(1, pool, 4096);

        public RetainedIsNotFreed() {
            memtable.add(FAMILY, Shared.slice("key"), Trailer.of(1, ValueKind.PUT), Shared.slice("value"));
        }

        @Actor
        public void owner() {
            memtable.release();
        }

        @Actor
        public void reader(II_Result result) {
            if (memtable.retain()) {
                result.r1 = 1;
                result.r2 = pool.usedBytes() > 0 ? 1 : 0;
                memtable.release();
            }
        }
    }
}
