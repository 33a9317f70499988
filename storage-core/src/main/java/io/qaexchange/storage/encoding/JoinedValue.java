package io.qaexchange.storage.encoding;

import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;

/** A value that grows to the left, since appended parts are met newest first. Keeps its array. */
public final class JoinedValue {
    private byte[] bytes = new byte[0];
    private int start;

    public void begin(Slice part) {
        start = bytes.length;
        makeRoom(part.length());
        put(part);
    }

    public void prepend(Slice part, int delimiter) {
        makeRoom(part.length() + 1);
        bytes[--start] = (byte) delimiter;
        put(part);
    }

    private void put(Slice part) {
        start -= part.length();
        Memory.copy(part.base(), part.address(), bytes, Memory.ARRAY_BASE + start, part.length());
    }

    private void makeRoom(int more) {
        if (start < more) {
            int used = bytes.length - start;
            byte[] larger = new byte[Math.max(Math.addExact(used, more), (int) Math.min(Integer.MAX_VALUE - 8L, bytes.length * 2L))];
            System.arraycopy(bytes, start, larger, larger.length - used, used);
            start = larger.length - used;
            bytes = larger;
        }
    }

    public void show(Slice into) {
        into.wrap(bytes, start, bytes.length - start);
    }
}
