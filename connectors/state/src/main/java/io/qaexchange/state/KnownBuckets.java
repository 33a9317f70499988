package io.qaexchange.state;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Buckets of keys that are known to be listed, so that a put need not look or write again. Most puts go to few of them; these are found in
 * one place of an array. Of the others those used last are remembered; what was forgotten is only listed once more.
 *
 * <p>Memory: at most {@value #REMEMBERED} buckets, some 100 bytes each. One thread.
 */
final class KnownBuckets {

    static final int REMEMBERED = 16_384;

    private static final int RECENT_BITS = 12;
    private static final int SPREAD = 0x9E3779B9;

    private record Bucket(Object key, long number) {
    }

    private final Bucket[] recent = new Bucket[1 << RECENT_BITS];
    private final Map<Bucket, Bucket> remembered = new LinkedHashMap<>(64, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<Bucket, Bucket> eldest) {
            return size() > REMEMBERED;
        }
    };

    /**
     * Notes that a bucket is listed.
     *
     * @param key of the backend; not changed any more
     * @return whether that was not known
     */
    boolean add(Object key, long bucket) {
        int place = place(key, bucket);
        Bucket found = recent[place];
        if (found != null && found.number == bucket && found.key.equals(key)) {
            return false;
        }
        Bucket added = new Bucket(key, bucket);
        recent[place] = added;
        return remembered.put(added, added) == null;
    }

    /** Forgets a bucket. */
    void remove(Object key, long bucket) {
        Bucket removed = new Bucket(key, bucket);
        int place = place(key, bucket);
        if (removed.equals(recent[place])) {
            recent[place] = null;
        }
        remembered.remove(removed);
    }

    private static int place(Object key, long bucket) {
        return (31 * key.hashCode() + Long.hashCode(bucket)) * SPREAD >>> Integer.SIZE - RECENT_BITS;
    }
}
