package io.qaexchange.storage.key;

import io.qaexchange.storage.memory.Slice;
import java.util.List;
import java.util.Random;

/** Short random keys, which often meet, and the plainest answer to what covers them. */
public final class RandomDeletions {
    private RandomDeletions() {}

    /** Up to two letters of six. */
    public static byte[] key(Random random) {
        byte[] key = new byte[random.nextInt(3)];
        for (int i = 0; i < key.length; i++) {
            key[i] = (byte) ('a' + random.nextInt(6));
        }
        return key;
    }

    /** The newest deletion of a key that a reader sees, each asked by itself; 0 if there is none. */
    public static long oneByOne(List<RangeTombstone> tombstones, Slice key, long snapshot) {
        return tombstones.stream().filter(t -> t.range().contains(key) && t.sequence() <= snapshot)
                .mapToLong(RangeTombstone::sequence).max().orElse(0);
    }
}
