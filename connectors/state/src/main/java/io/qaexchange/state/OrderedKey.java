package io.qaexchange.state;

/**
 * A key of an {@link OrderedMapState}: has a total order, a time, and a bucket that respects the order.
 *
 * <p>Implementations are immutable values with {@code equals} and {@code hashCode}; their serializer writes a fixed number of
 * bytes that, compared as unsigned bytes, have the same order.
 *
 * @param <K> the key type itself
 */
public interface OrderedKey<K extends OrderedKey<K>> extends Comparable<K> {

    /**
     * The bucket of this key. If {@code a} is before {@code b}, then {@code a.bucket() <= b.bucket()}. Backends without order keep a map
     * per bucket and sort one bucket at a time, so a bucket should hold what is read and dropped together: an hour, say.
     */
    long bucket();

    /** Time that no key of this key's bucket is before; {@link Long#MIN_VALUE} if the bucket says nothing about time. */
    long bucketLowerTimeNs();

    /** Time that every key of this key's bucket is before; {@link Long#MAX_VALUE} if the bucket says nothing about time. */
    long bucketUpperTimeNs();

    /** Event time, ns since 1970 UTC: what {@link OrderedMapState#dropBefore} compares. */
    long eventTimeNs();
}
