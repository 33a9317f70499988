package io.qaexchange.state;

import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.util.CloseableIterator;

/**
 * Keyed map state in key order. Like Flink's own map state, every call acts on the current key of the backend, and every write
 * is part of the next checkpoint.
 *
 * <p>One thread: the task thread. An iterator stays valid while the current key changes and while rows outside its range are
 * written; rows inside its range must not change before it is closed.
 *
 * @param <K> key, see {@link OrderedKey}
 * @param <V> value; values handed in and out are not copied and must not be changed
 */
public interface OrderedMapState<K extends OrderedKey<K>, V> {

    /** The value of that key, or null. */
    @Nullable
    V get(K key) throws Exception;

    boolean contains(K key) throws Exception;

    /** Sets the value of a key, whether or not it was there. */
    void put(K key, V value) throws Exception;

    /** Removes a key; nothing happens if it is not there. */
    void remove(K key) throws Exception;

    /** The entry with the smallest key, or null if there is none. */
    @Nullable
    Map.Entry<K, V> first() throws Exception;

    /** The entry with the greatest key, or null if there is none. */
    @Nullable
    Map.Entry<K, V> last() throws Exception;

    /**
     * The entries from {@code lower} (inclusive) up to {@code upper} (exclusive), ascending.
     *
     * @param lower null for the first key
     * @param upper null for no bound
     */
    CloseableIterator<Map.Entry<K, V>> range(@Nullable K lower, @Nullable K upper) throws Exception;

    /** The values of the same entries as {@link #range}, in the same order: where nobody asks for keys, they need not be made. */
    CloseableIterator<V> values(@Nullable K lower, @Nullable K upper) throws Exception;

    /** The same entries as {@link #range}, descending. */
    CloseableIterator<Map.Entry<K, V>> reverse(@Nullable K lower, @Nullable K upper) throws Exception;

    /** Removes the entries from {@code lower} (inclusive) up to {@code upper} (exclusive); null is no bound. */
    void dropRange(@Nullable K lower, @Nullable K upper) throws Exception;

    /**
     * Removes every entry whose {@link OrderedKey#eventTimeNs()} is smaller. A backend that keeps order remembers the time and may hide what
     * is put below it afterwards: do not put what you would drop.
     */
    void dropBefore(long eventTimeNs) throws Exception;
}
