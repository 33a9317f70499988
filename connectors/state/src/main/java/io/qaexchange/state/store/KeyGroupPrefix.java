package io.qaexchange.state.store;

import io.qaexchange.storage.key.KeyRange;
import org.apache.flink.runtime.state.CompositeKeySerializationUtils;
import org.apache.flink.runtime.state.KeyGroupRange;

/** Key groups as the first bytes of stored keys, big-endian: groups that follow on one another are a range of keys. */
public final class KeyGroupPrefix {
    private KeyGroupPrefix() {
    }

    /** @param bytes length of the prefix, 1 or 2 */
    public static KeyRange rangeOf(KeyGroupRange keyGroups, int bytes) {
        return KeyRange.of(prefix(keyGroups.getStartKeyGroup(), bytes), prefix(keyGroups.getEndKeyGroup() + 1, bytes));
    }

    private static byte[] prefix(int keyGroup, int bytes) {
        byte[] prefix = new byte[bytes];
        CompositeKeySerializationUtils.serializeKeyGroup(keyGroup, prefix);
        return prefix;
    }
}
