package io.qaexchange.job.stream.ledger;

import io.qaexchange.events.Utf8View;
import java.util.ArrayList;
import java.util.List;

/**
 * Entries by their text, found by a String or by the UTF-8 of an event, so that what an event names needs no String. Most lookups read two
 * places of memory, where a hash map reads three: open addressing, linear probing, at most half full; an entry that leaves makes place for
 * those after it.
 *
 * <p>One thread.
 *
 * @param <E> type of the entries
 */
final class TextTable<E extends TextTable.Entry> {

    /** An entry of a table. */
    abstract static class Entry {
        final String id;
        final int hash;

        Entry(String id) {
            this.id = id;
            this.hash = id.hashCode();
        }
    }

    private static final int SPREAD = 0x9E3779B9;
    private static final int LEAST_BITS = 3;

    private Entry[] places;
    private int shift;
    private int size;

    TextTable() {
        clear();
    }

    /** Forgets all entries. */
    void clear() {
        places = new Entry[1 << LEAST_BITS];
        shift = Integer.SIZE - LEAST_BITS;
        size = 0;
    }

    int size() {
        return size;
    }

    /** The entry of a text, or null. */
    E get(String id) {
        int hash = id.hashCode();
        for (int place = home(hash); places[place] != null; place = next(place)) {
            Entry found = places[place];
            if (found.hash == hash && found.id.equals(id)) {
                return typed(found);
            }
        }
        return null;
    }

    /** As {@link #get(String)}. */
    E get(Utf8View id) {
        int hash = id.textHash();
        for (int place = home(hash); places[place] != null; place = next(place)) {
            Entry found = places[place];
            if (found.hash == hash && id.is(found.id)) {
                return typed(found);
            }
        }
        return null;
    }

    /** Adds an entry with a text that none has. */
    void add(E entry) {
        if (2 * (size + 1) > places.length) {
            grow();
        }
        insert(entry);
        size++;
    }

    private void insert(Entry entry) {
        int place = home(entry.hash);
        while (places[place] != null) {
            place = next(place);
        }
        places[place] = entry;
    }

    private void grow() {
        Entry[] old = places;
        places = new Entry[2 * old.length];
        shift--;
        for (Entry entry : old) {
            if (entry != null) {
                insert(entry);
            }
        }
    }

    /** Takes out an entry that is in it. */
    void remove(E entry) {
        int hole = home(entry.hash);
        while (places[hole] != entry) {
            if (places[hole] == null) {
                throw new IllegalArgumentException("no entry " + entry.id + " to be removed");
            }
            hole = next(hole);
        }
        for (int place = next(hole); places[place] != null; place = next(place)) {
            // An entry may move to the hole if that is not before its home, seen from where it is.
            if ((place - home(places[place].hash) & mask()) >= (place - hole & mask())) {
                places[hole] = places[place];
                hole = place;
            }
        }
        places[hole] = null;
        size--;
    }

    /** All entries, in no order; a copy. */
    List<E> entries() {
        List<E> entries = new ArrayList<>(size);
        for (Entry entry : places) {
            if (entry != null) {
                entries.add(typed(entry));
            }
        }
        return entries;
    }

    private int home(int hash) {
        return hash * SPREAD >>> shift;
    }

    private int next(int place) {
        return place + 1 & mask();
    }

    private int mask() {
        return places.length - 1;
    }

    @SuppressWarnings("unchecked")
    private E typed(Entry entry) {
        return (E) entry;
    }
}
