package io.qaexchange.job.stream.ledger;

import io.qaexchange.job.stream.ledger.CachedValues.Entry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The changed values of a {@link CachedMap} in the order in which they are written: the one that changed first comes first, but a value
 * that has changed again since gets a second chance. One thread.
 *
 * @param <V> type of the values
 */
final class ChangeQueue<V> {

    /** Also has entries that were written or dropped since; they are not marked as changed. */
    private final ArrayDeque<Entry<V>> queue = new ArrayDeque<>();
    /** Instruments whose pending values in the state are not as they are here. */
    private final List<CachedValues<V>> changedValues = new ArrayList<>();
    private int size;

    /** Values that are not written yet. */
    int size() {
        return size;
    }

    /** The value has changed. */
    void add(Entry<V> entry) {
        changePending(entry.values);
        if (entry.changed) {
            entry.changedAgain = true;
        } else {
            addPending(entry);
        }
    }

    /** The value is pending in the state as it is here. */
    void addPending(Entry<V> entry) {
        entry.changed = true;
        size++;
        entry.changedAgain = entry.queued;
        if (!entry.queued) {
            entry.queued = true;
            queue.add(entry);
        }
    }

    /** The value is written, or forgotten; if it was pending in the state, it is so no longer. */
    void remove(Entry<V> entry) {
        changePending(entry.values);
        if (entry.changed) {
            entry.changed = false;
            size--;
        }
    }

    private void changePending(CachedValues<V> values) {
        if (!values.pendingChanged) {
            values.pendingChanged = true;
            changedValues.add(values);
        }
    }

    /** Lets go of entries that are no longer changed, if there are more than this many in all. */
    void trim(int most) {
        if (queue.size() > most) {
            queue.removeIf(entry -> {
                entry.queued = entry.changed;
                return !entry.changed;
            });
        }
    }

    /**
     * Takes the next values to write from the queue, instrument by instrument, as another key of the state costs as much as half a value.
     * They count as changed until they are removed.
     *
     * @param count at most {@link #size()}
     */
    List<Entry<V>> takeOldest(int count) {
        List<Entry<V>> oldest = new ArrayList<>(count);
        while (oldest.size() < count) {
            Entry<V> entry = queue.remove();
            if (entry.changed && entry.changedAgain) {
                entry.changedAgain = false;
                queue.add(entry);
                continue;
            }
            entry.queued = false;
            if (entry.changed) {
                oldest.add(entry);
            }
        }
        oldest.sort(Comparator.comparingInt(entry -> entry.values.number));
        return oldest;
    }

    /** Changed values of those instruments whose pending values in the state are not as they are here. */
    List<Entry<V>> unsaved() {
        List<Entry<V>> unsaved = new ArrayList<>();
        for (Entry<V> entry : queue) {
            if (entry.changed && entry.values.pendingChanged) {
                unsaved.add(entry);
            }
        }
        return unsaved;
    }

    /** The instruments whose pending values in the state are not as they are here; from now on they count as being so. */
    List<CachedValues<V>> takeChangedValues() {
        List<CachedValues<V>> taken = List.copyOf(changedValues);
        taken.forEach(values -> values.pendingChanged = false);
        changedValues.clear();
        return taken;
    }

    void clear() {
        queue.clear();
        changedValues.clear();
    }
}
