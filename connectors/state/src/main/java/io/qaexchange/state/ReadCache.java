package io.qaexchange.state;

import java.util.Arrays;
import javax.annotation.Nullable;

/**
 * Values of keys that were read last, by state, key and namespace, so that keys which come again and again cost no look into the store. All states of
 * an operator share it; each tells it of every change.
 *
 * <p>A table of two places for each hash: what comes goes to the first, what was there to the second. It grows as it fills. Beyond its bytes entries go, wherever a
 * hand that goes round finds them.
 *
 * <p>If keys hardly ever come again, looking for them costs more than it saves. Then a sample of the keys is kept only, and looked for.
 *
 * <p>What is kept is shared by all who read it: objects that nobody can change, or stored bytes.
 *
 * <p>One thread, the task thread.
 */
final class ReadCache {

    /** In the place of a value: there is none in the store. */
    static final Object ABSENT = new Object();
    /** Longer values are not kept: few of them would take the place of many. */
    static final int LONGEST_VALUE = 2_048;

    /** Bytes of an entry beside its value: its part of the table, key and namespace, and the head of the value's object. */
    private static final int ENTRY_BYTES = 96;
    private static final int LEAST_PLACES = 64;
    private static final int MOST_PLACES = 1 << 20;
    /** A full table is made larger by this factor. It counts as full when half of its places are taken: beyond that, keys push one another out. */
    private static final int GROWTH = 4;
    private static final int OWNER = 0;
    private static final int KEY = 1;
    private static final int NAMESPACE = 2;
    private static final int VALUE = 3;
    private static final int WIDTH = 4;

    /** After so many looks, or so many for each place, it is asked whether they pay: a cache that was empty has had time to fill. */
    private static final int LOOKS = 1 << 16;
    private static final int LOOKS_OF_PLACE = 2;
    /** A look that finds something saves about eight that find nothing. */
    private static final int WORTH = 8;
    /** Once they pay no more, one key of so many is kept, in as small a part of the table, to see whether they would again. */
    private static final int SAMPLED = 8;
    private static final int SAMPLE_SHIFT = Integer.SIZE - 3;

    /** Stands for a state, by identity. */
    static final class Owner {
        private final int hash = System.identityHashCode(this);
    }

    private final long budgetBytes;
    private final int allPlaces;
    private Object[] entries;
    /** Hashes of the entries, so that others are not looked at; and what they count for, 0 where there is none. */
    private int[] hashes;
    private int[] bytes;
    private int count;
    private long usedBytes;
    private int hand;
    /** Bits of a hash that must be 0 for the key to be kept; and bits that tell its place. */
    private int sample;
    private int places;
    /** Limits of now: of all keys, or as small a part of them as the sample is of the keys, so that it finds the part that all would find. */
    private long mostBytes;
    private int mostPlaces;
    private int looksToJudge;
    private int looks;
    private int found;

    /** @param budgetBytes estimated bytes of all entries; 0 for a cache that keeps nothing */
    ReadCache(long budgetBytes) {
        this.budgetBytes = budgetBytes;
        allPlaces = budgetBytes < LEAST_PLACES * (long) ENTRY_BYTES ? 0 : (int) Math.min(MOST_PLACES, 2 * Long.highestOneBit(budgetBytes / ENTRY_BYTES));
        begin(1);
    }

    /** Begins anew, with one key in {@code part}. */
    private void begin(int part) {
        sample = part - 1;
        mostBytes = budgetBytes / part;
        mostPlaces = Math.min(allPlaces, Math.max(LEAST_PLACES, allPlaces / part));
        // A sample is asked often: how well it fills shows before it is full.
        looksToJudge = part == 1 ? Math.max(LOOKS, LOOKS_OF_PLACE * mostPlaces) : LOOKS / part;
        empty(Math.min(LEAST_PLACES, allPlaces));
    }

    private void empty(int size) {
        entries = new Object[size * WIDTH];
        hashes = new int[size];
        bytes = new int[size];
        places = size - 1;
        count = 0;
        usedBytes = 0;
        hand = 0;
    }

    /** Whether anything is kept. */
    boolean isEnabled() {
        return bytes.length > 0;
    }

    long usedBytes() {
        return usedBytes;
    }

    /** The last steps of MurmurHash3: hash codes of numbers are the numbers. */
    private static int hash(Owner owner, Object key, Object namespace) {
        int hash = 31 * key.hashCode() + namespace.hashCode() ^ owner.hash;
        hash = (hash ^ hash >>> 16) * 0x85ebca6b;
        hash = (hash ^ hash >>> 13) * 0xc2b2ae35;
        return hash ^ hash >>> 16;
    }

    private boolean isAt(int place, int hash, Owner owner, Object key, Object namespace) {
        int at = place * WIDTH;
        return hashes[place] == hash && entries[at + OWNER] == owner && key.equals(entries[at + KEY]) && isSame(namespace, entries[at + NAMESPACE]);
    }

    private static boolean isSame(Object namespace, Object other) {
        return namespace == other || namespace.equals(other);
    }

    /** @return {@link #ABSENT} if it is known that there is none; null if nothing is known */
    @Nullable
    Object get(Owner owner, Object key, Object namespace) {
        if (bytes.length == 0) {
            return null;
        }
        int hash = hash(owner, key, namespace);
        if ((hash >>> SAMPLE_SHIFT & sample) != 0) {
            return null;
        }
        if (++looks == looksToJudge) {
            judge();
        }
        int place = placeOf(hash, owner, key, namespace);
        if (place < 0) {
            return null;
        }
        found++;
        return entries[place * WIDTH + VALUE];
    }

    /** As {@link #get}, for whoever changes the value: that says nothing of whether looks pay. */
    @Nullable
    Object peek(Owner owner, Object key, Object namespace) {
        int place = bytes.length == 0 ? -1 : placeOf(hash(owner, key, namespace), owner, key, namespace);
        return place < 0 ? null : entries[place * WIDTH + VALUE];
    }

    /** The place of an entry; -1 if there is none. */
    private int placeOf(int hash, Owner owner, Object key, Object namespace) {
        int place = hash & places;
        return isAt(place, hash, owner, key, namespace) ? place : isAt(place ^ 1, hash, owner, key, namespace) ? place ^ 1 : -1;
    }

    /** Turns to a sample if looks do not pay, and back once they would. */
    private void judge() {
        boolean pays = found > looks / WORTH * (sample == 0 ? 1 : 2);
        looks = 0;
        found = 0;
        if (pays == (sample == 0)) {
            return;
        }
        // Some keys are not looked for from now on: what is there would not be told of their changes.
        begin(pays ? 1 : SAMPLED);
    }

    private void growIfFull() {
        int size = bytes.length;
        if (count <= size / 2 || size >= mostPlaces) {
            return;
        }
        Object[] before = entries;
        int[] hashesBefore = hashes;
        int[] bytesBefore = bytes;
        empty(Math.min(mostPlaces, GROWTH * size));
        for (int from = 0; from < size; from++) {
            if (before[from * WIDTH + OWNER] != null) {
                int to = hashesBefore[from] & places;
                if (entries[to * WIDTH + OWNER] != null) {
                    to ^= 1;
                }
                // The places of a pair go to pairs: there is room in each.
                System.arraycopy(before, from * WIDTH, entries, to * WIDTH, WIDTH);
                hashes[to] = hashesBefore[from];
                bytes[to] = bytesBefore[from];
                usedBytes += bytesBefore[from];
                count++;
            }
        }
    }

    /**
     * Keeps a value.
     *
     * @param owner the state, or what stands for it
     * @param key nobody changes it
     * @param namespace nobody changes it
     * @param value an object that nobody changes, or {@link #ABSENT}
     * @param valueBytes its length as it is stored
     */
    void put(Owner owner, Object key, Object namespace, Object value, int valueBytes) {
        if (bytes.length == 0) {
            return;
        }
        int hash = hash(owner, key, namespace);
        if ((hash >>> SAMPLE_SHIFT & sample) != 0) {
            return;
        }
        int place = placeOf(hash, owner, key, namespace);
        if (place >= 0) {
            set(place, value, valueBytes);
        } else {
            growIfFull();
            place = hash & places;
            moveAway(place, place ^ 1);
            int at = place * WIDTH;
            hashes[place] = hash;
            entries[at + OWNER] = owner;
            entries[at + KEY] = key;
            entries[at + NAMESPACE] = namespace;
            count++;
            usedBytes += ENTRY_BYTES;
            bytes[place] = ENTRY_BYTES;
            set(place, value, valueBytes);
        }
        while (usedBytes > mostBytes) {
            hand = hand + 1 & places;
            free(hand);
        }
    }

    private void set(int place, Object value, int valueBytes) {
        entries[place * WIDTH + VALUE] = value;
        usedBytes += ENTRY_BYTES + valueBytes - bytes[place];
        bytes[place] = ENTRY_BYTES + valueBytes;
    }

    private void moveAway(int place, int second) {
        if (entries[place * WIDTH + OWNER] == null) {
            return;
        }
        free(second);
        System.arraycopy(entries, place * WIDTH, entries, second * WIDTH, WIDTH);
        hashes[second] = hashes[place];
        bytes[second] = bytes[place];
        bytes[place] = 0;
        clear(place);
    }

    private void free(int place) {
        if (bytes[place] == 0) {
            return;
        }
        count--;
        usedBytes -= bytes[place];
        bytes[place] = 0;
        clear(place);
    }

    private void clear(int place) {
        Arrays.fill(entries, place * WIDTH, (place + 1) * WIDTH, null);
    }

    /** Nothing is known any more of a key. */
    void forget(Owner owner, Object key, Object namespace) {
        if (bytes.length == 0) {
            return;
        }
        int place = placeOf(hash(owner, key, namespace), owner, key, namespace);
        if (place >= 0) {
            free(place);
        }
    }
}
