package io.qaexchange.storage.key;

import io.qaexchange.storage.memory.Slice;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Range tombstones cut into fragments that do not overlap, each with all sequence numbers that delete it, newest first. So "is this key
 * deleted, and up to where does that go on" is one binary search.
 *
 * <p>Fragments are ascending and not empty; neighbours that touch and have the same sequences are joined, so equal deletions make equal
 * lists.
 *
 * <p>Text form, for tests: {@code [a,c)#5 [c,d)#7#5}, bounds written as {@link Slice#printable}.
 *
 * <p>Most keys are covered by none, which {@link CoveredPrefixes} often tells before the search.
 *
 * <p>Thread-safe: immutable. {@link Cursor}s are for one thread.
 */
public final class RangeTombstoneList {
    public static final RangeTombstoneList EMPTY = new RangeTombstoneList(new byte[0][], new byte[0][], new long[0][]);

    private final byte[][] lowers;
    private final byte[][] uppers;
    /** Per fragment, descending. */
    private final long[][] sequences;
    /** Made when first asked for; two threads may make equal ones. Null until then. */
    private CoveredPrefixes prefixes;

    private RangeTombstoneList(byte[][] lowers, byte[][] uppers, long[][] sequences) {
        this.lowers = lowers;
        this.uppers = uppers;
        this.sequences = sequences;
    }

    /** Fragments any tombstones, in any order, overlapping as they like; empty ranges are left out. */
    public static RangeTombstoneList of(Collection<RangeTombstone> tombstones) {
        List<RangeTombstone> byLower = new ArrayList<>(tombstones.size());
        for (RangeTombstone tombstone : tombstones) {
            if (!tombstone.range().isEmpty()) {
                byLower.add(tombstone);
            }
        }
        if (byLower.isEmpty()) {
            return EMPTY;
        }
        byLower.sort((a, b) -> Slice.compare(a.range().lower(), b.range().lower()));
        TreeSet<byte[]> borders = new TreeSet<>(Slice::compare);
        for (RangeTombstone tombstone : byLower) {
            borders.add(tombstone.range().lower());
            borders.add(tombstone.range().upper());
        }
        return sweep(byLower, borders);
    }

    /** Goes over the borders from left to right with the multiset of tombstones that are open there. */
    private static RangeTombstoneList sweep(List<RangeTombstone> byLower, TreeSet<byte[]> borders) {
        List<RangeTombstone> byUpper = new ArrayList<>(byLower);
        byUpper.sort((a, b) -> Slice.compare(a.range().upper(), b.range().upper()));
        TreeMap<Long, Integer> open = new TreeMap<>((a, b) -> Long.compareUnsigned(b, a));
        Fragments fragments = new Fragments();
        int opened = 0;
        int closed = 0;
        byte[] previous = null;
        for (byte[] border : borders) {
            if (!open.isEmpty()) {
                fragments.add(previous, border, open.keySet().stream().mapToLong(Long::longValue).toArray());
            }
            for (; closed < byUpper.size() && Arrays.equals(byUpper.get(closed).range().upper(), border); closed++) {
                open.computeIfPresent(byUpper.get(closed).sequence(), (sequence, count) -> count == 1 ? null : count - 1);
            }
            for (; opened < byLower.size() && Arrays.equals(byLower.get(opened).range().lower(), border); opened++) {
                open.merge(byLower.get(opened).sequence(), 1, Integer::sum);
            }
            previous = border;
        }
        return fragments.toList();
    }

    /** All deletions of several lists. */
    public static RangeTombstoneList merge(Collection<RangeTombstoneList> lists) {
        List<RangeTombstone> all = new ArrayList<>();
        RangeTombstoneList last = EMPTY;
        int filled = 0;
        for (RangeTombstoneList list : lists) {
            if (!list.isEmpty()) {
                last = list;
                filled++;
                all.addAll(list.tombstones());
            }
        }
        return filled <= 1 ? last : of(all);
    }

    /** The effect of these deletions on the keys in {@code range}. */
    public RangeTombstoneList clip(KeyRange range) {
        if (isEmpty() || range.contains(hull())) {
            return this;
        }
        Fragments fragments = new Fragments();
        for (int i = 0; i < lowers.length; i++) {
            KeyRange clipped = KeyRange.of(lowers[i], uppers[i]).intersect(range);
            if (!clipped.isEmpty()) {
                fragments.add(clipped.lower(), clipped.upper(), sequences[i]);
            }
        }
        return fragments.toList();
    }

    /** The fragments that meet a range, whole; this list itself if all do. */
    public RangeTombstoneList meeting(KeyRange range) {
        int from = isEmpty() || range.lower().length == 0 ? 0 : firstEndingBehind(Slice.of(range.lower()));
        int to = from;
        if (range.upper() == null) {
            to = lowers.length;
        } else {
            int high = lowers.length;
            while (to < high) {
                int middle = (to + high) >>> 1;
                if (Slice.compare(lowers[middle], range.upper()) < 0) {
                    to = middle + 1;
                } else {
                    high = middle;
                }
            }
        }
        if (from == to) {
            return EMPTY;
        }
        return to - from == lowers.length ? this : new RangeTombstoneList(Arrays.copyOfRange(lowers, from, to),
                Arrays.copyOfRange(uppers, from, to), Arrays.copyOfRange(sequences, from, to));
    }

    public boolean isEmpty() {
        return lowers.length == 0;
    }

    /** How many fragments there are. */
    public int size() {
        return lowers.length;
    }

    public KeyRange range(int fragment) {
        return KeyRange.of(lowers[fragment], uppers[fragment]);
    }

    /** The sequence numbers that delete a fragment, newest first; not to be changed. */
    public long[] sequences(int fragment) {
        return sequences[fragment];
    }

    /** From the first deleted key to after the last one; must not be asked of an empty list. */
    public KeyRange hull() {
        return KeyRange.of(lowers[0], uppers[uppers.length - 1]);
    }

    /** The newest sequence number in the list; 0 if it is empty. */
    public long newest() {
        long newest = 0;
        for (long[] ofFragment : sequences) {
            newest = Math.max(newest, ofFragment[0]);
        }
        return newest;
    }

    /** The oldest sequence number in the list; 0 if it is empty. */
    public long oldest() {
        long oldest = isEmpty() ? 0 : Long.MAX_VALUE;
        for (long[] ofFragment : sequences) {
            oldest = Math.min(oldest, ofFragment[ofFragment.length - 1]);
        }
        return oldest;
    }

    /**
     * The newest deletion of a key that a reader at {@code snapshot} sees: entries of the key with a smaller sequence number are gone
     * for it.
     *
     * @return 0 if there is none
     */
    public long newestCovering(Slice key, long snapshot) {
        if (lowers.length == 0 || !prefixes().mayCover(key)) {
            return 0;
        }
        int fragment = firstEndingBehind(key);
        if (fragment == lowers.length || key.compareTo(lowers[fragment]) < 0) {
            return 0;
        }
        return newestAt(fragment, snapshot);
    }

    private CoveredPrefixes prefixes() {
        CoveredPrefixes made = prefixes;
        if (made == null) {
            made = CoveredPrefixes.of(lowers, uppers);
            prefixes = made;
        }
        return made;
    }

    /** The deletions one by one, one per fragment and sequence number, joined where they touch: ascending, newest first. */
    public List<RangeTombstone> tombstones() {
        List<RangeTombstone> result = new ArrayList<>();
        TreeMap<Long, Integer> growing = new TreeMap<>();
        for (int i = 0; i < lowers.length; i++) {
            boolean touches = i > 0 && Arrays.equals(uppers[i - 1], lowers[i]);
            TreeMap<Long, Integer> next = new TreeMap<>();
            for (long sequence : sequences[i]) {
                Integer grown = touches ? growing.get(sequence) : null;
                if (grown == null) {
                    result.add(new RangeTombstone(range(i), sequence));
                    grown = result.size() - 1;
                } else {
                    byte[] lower = result.get(grown).range().lower();
                    result.set(grown, new RangeTombstone(KeyRange.of(lower, uppers[i]), sequence));
                }
                next.put(sequence, grown);
            }
            growing = next;
        }
        return result;
    }

    /** The first fragment whose upper end lies after the key; {@link #size()} if there is none. */
    private int firstEndingBehind(Slice key) {
        int low = 0;
        int high = uppers.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (key.compareTo(uppers[middle]) < 0) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }

    private long newestAt(int fragment, long snapshot) {
        for (long sequence : sequences[fragment]) {
            if (sequence <= snapshot) {
                return sequence;
            }
        }
        return 0;
    }

    public Cursor cursor() {
        return new Cursor();
    }

    /** Reads the text form. */
    public static RangeTombstoneList parse(String text) {
        List<RangeTombstone> tombstones = new ArrayList<>();
        for (String word : text.trim().split("\\s+")) {
            if (!word.isEmpty()) {
                parseFragment(word, tombstones);
            }
        }
        return of(tombstones);
    }

    private static void parseFragment(String word, List<RangeTombstone> into) {
        int comma = word.indexOf(',');
        int close = word.indexOf(')');
        if (!word.startsWith("[") || comma < 0 || close < comma || close + 2 > word.length() || word.charAt(close + 1) != '#') {
            throw new IllegalArgumentException("a range tombstone is written [lower,upper)#sequence: " + word);
        }
        KeyRange range = KeyRange.of(bytes(word.substring(1, comma)), bytes(word.substring(comma + 1, close)));
        for (String sequence : word.substring(close + 2).split("#")) {
            into.add(new RangeTombstone(range, Long.parseLong(sequence)));
        }
    }

    private static byte[] bytes(String printable) {
        byte[] result = new byte[printable.length()];
        int size = 0;
        for (int i = 0; i < printable.length(); i++) {
            if (printable.startsWith("\\x", i)) {
                result[size++] = (byte) Integer.parseInt(printable.substring(i + 2, i + 4), 16);
                i += 3;
            } else {
                result[size++] = (byte) printable.charAt(i);
            }
        }
        return Arrays.copyOf(result, size);
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < lowers.length; i++) {
            text.append(i == 0 ? "" : " ").append('[').append(Slice.printable(lowers[i])).append(',')
                    .append(Slice.printable(uppers[i])).append(')');
            for (long sequence : sequences[i]) {
                text.append('#').append(sequence);
            }
        }
        return text.toString();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RangeTombstoneList list && Arrays.deepEquals(lowers, list.lowers)
                && Arrays.deepEquals(uppers, list.uppers) && Arrays.deepEquals(sequences, list.sequences);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.deepHashCode(lowers) + Arrays.deepHashCode(sequences);
    }

    /**
     * Walks the fragments beside a merge. {@link #seek} finds the fragment that holds a key or the next one after it; going on in
     * small steps, either way, costs a comparison or two.
     */
    public final class Cursor {
        private int fragment;

        /** To the first fragment that ends after {@code key}: it covers the key, or is the next one. */
        public void seek(Slice key) {
            boolean endsBehind = fragment < uppers.length && key.compareTo(uppers[fragment]) < 0;
            if (endsBehind && (fragment == 0 || key.compareTo(uppers[fragment - 1]) >= 0)) {
                return;
            }
            if (!endsBehind && fragment + 1 < uppers.length && key.compareTo(uppers[fragment]) >= 0
                    && key.compareTo(uppers[fragment + 1]) < 0) {
                fragment++;
                return;
            }
            fragment = firstEndingBehind(key);
        }

        /** Whether there is a fragment at or after the key last sought. */
        public boolean valid() {
            return fragment < lowers.length;
        }

        /** Whether the fragment here holds the key. */
        public boolean covers(Slice key) {
            return valid() && key.compareTo(lowers[fragment]) >= 0 && key.compareTo(uppers[fragment]) < 0;
        }

        public byte[] lower() {
            return lowers[fragment];
        }

        /** Where the fragment ends: an iterator that found its key deleted for good may seek here. */
        public byte[] upper() {
            return uppers[fragment];
        }

        /** The newest deletion of this fragment that a reader at {@code snapshot} sees; 0 if there is none. */
        public long newest(long snapshot) {
            return newestAt(fragment, snapshot);
        }

        /** The newest tombstone that covers the key last sought, as {@link RangeTombstoneList#newestCovering}; moves the cursor there. */
        public long newestCovering(Slice key, long snapshot) {
            if (lowers.length == 0) {
                return 0;
            }
            seek(key);
            return valid() && key.compareTo(lowers[fragment]) >= 0 ? newestAt(fragment, snapshot) : 0;
        }

        public void next() {
            fragment++;
        }
    }

    /** Collects fragments from left to right and joins neighbours that say the same. */
    private static final class Fragments {
        private final List<byte[]> lowers = new ArrayList<>();
        private final List<byte[]> uppers = new ArrayList<>();
        private final List<long[]> sequences = new ArrayList<>();

        void add(byte[] lower, byte[] upper, long[] ofFragment) {
            int last = lowers.size() - 1;
            if (last >= 0 && Arrays.equals(uppers.get(last), lower) && Arrays.equals(sequences.get(last), ofFragment)) {
                uppers.set(last, upper);
            } else {
                lowers.add(lower);
                uppers.add(upper);
                sequences.add(ofFragment);
            }
        }

        RangeTombstoneList toList() {
            return lowers.isEmpty() ? EMPTY
                    : new RangeTombstoneList(lowers.toArray(byte[][]::new), uppers.toArray(byte[][]::new),
                            sequences.toArray(long[][]::new));
        }
    }
}
