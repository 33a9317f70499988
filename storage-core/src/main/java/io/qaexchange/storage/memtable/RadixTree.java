package io.qaexchange.storage.memtable;

import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;

/**
 * An adaptive radix tree (Leis, Kemper, Neumann: "The Adaptive Radix Tree", ICDE 2013) from keys to the key records of a
 * {@link RecordArena}; the records are chained in key order, so the tree only answers "where", and walking follows the chain.
 *
 * <p>Why a radix tree: keys of an event log share long prefixes (key group, instrument, type, the upper bytes of the time), which a
 * comparing structure compares again and again in memory that is not cached. Here a prefix is looked at once, and the nodes at the
 * growing end of each instrument stay in cache. docs/benchmarks.md has it beside the JDK's skip list.
 *
 * <p>Node layout, in the index arena; a child is 0 (none), positive (an inner node here) or negative (minus a key record):
 * <pre>
 *   offset  size  field
 *        0     1  node type: 1 = up to 4 children, 2 = 16, 3 = 48, 4 = 256
 *        2     2  prefix length
 *        4     4  number of children (types 1 and 2: published last)
 *        8     4  terminal: the key that ends at this node
 *       12     …  type 1: 4 key bytes, 4 children · type 2: 16, 16 · type 3: 256 slot numbers (0 = none), 48 children · type 4: 256 children
 *        …     …  prefix bytes
 * </pre>
 *
 * <p>Threads: one writer, any number of readers, no locks. A node's prefix and type never change; children of types 1 and 2 are
 * appended unsorted and counted with release semantics; a node that must grow or lose a part of its prefix is copied and swapped in
 * the slot above it with release semantics. Readers therefore see an older or a newer tree, both whole. A reader that only wants what
 * was published before its snapshot misses nothing: that was linked before.
 */
final class RadixTree {
    private static final int NODE4 = 1;
    private static final int NODE16 = 2;
    private static final int NODE48 = 3;
    private static final int NODE256 = 4;

    private static final int PREFIX_LENGTH = 2;
    private static final int COUNT = 4;
    private static final int TERMINAL = 8;
    private static final int BODY = 12;

    private static final int[] CAPACITY = {0, 4, 16, 48, 256};
    /** Where children begin, by node type. */
    private static final int[] CHILDREN = {0, BODY + 4, BODY + 16, BODY + 256, BODY};
    /** Where the prefix begins, by node type. */
    private static final int[] PREFIX = {0, CHILDREN[1] + 16, CHILDREN[2] + 64, CHILDREN[3] + 192, CHILDREN[4] + 1024};

    /** The largest node, without its prefix. */
    static final int MAX_NODE_BYTES = PREFIX[NODE256];

    /** Said by {@link #withPrefix}. */
    static final int TOO_MANY = -1;
    private static final int DEEPEST_GATHERED = 128;

    private static final long LOW_BITS = 0x0101010101010101L;
    private static final long HIGH_BITS = 0x8080808080808080L;

    private final Arena nodes;
    private final RecordArena records;
    /** A cell of the index arena, so that the root's slot is like every other slot. */
    private final int rootCell;

    RadixTree(Arena nodes, RecordArena records) {
        this.nodes = nodes;
        this.records = records;
        rootCell = nodes.allocate(Integer.BYTES);
        Memory.putInt(nodes.base(rootCell), nodes.address(rootCell), 0);
    }

    /** The key's record, or 0. */
    int find(Object keyBase, long keyAddress, int keyLength) {
        int child = Memory.getIntAcquire(nodes.base(rootCell), nodes.address(rootCell));
        int depth = 0;
        while (child > 0) {
            Object base = nodes.base(child);
            long node = nodes.address(child);
            int type = Memory.getByte(base, node);
            int prefixLength = prefixLength(base, node);
            if (prefixLength > 0) {
                if (keyLength - depth < prefixLength
                        || !Memory.equal(base, node + PREFIX[type], keyBase, keyAddress + depth, prefixLength)) {
                    return 0;
                }
                depth += prefixLength;
            }
            if (depth == keyLength) {
                child = Memory.getIntAcquire(base, node + TERMINAL);
                break;
            }
            long slot = childSlot(base, node, type, Memory.getByte(keyBase, keyAddress + depth));
            if (slot == 0) {
                return 0;
            }
            child = Memory.getIntAcquire(base, slot);
            depth++;
        }
        if (child == 0) {
            return 0;
        }
        int record = -child;
        return records.keyEquals(record, keyBase, keyAddress, keyLength) ? record : 0;
    }

    /**
     * The first record whose key is at or after the given one; 0 if there is none. Under a concurrent writer the answer may be any
     * record after the key that has nothing published before the call between them.
     */
    int ceiling(Object keyBase, long keyAddress, int keyLength) {
        int record = nearCeiling(keyBase, keyAddress, keyLength);
        // A record that was linked in while we looked may stand before the key: walk past it.
        while (record != 0 && records.compareKey(record, keyBase, keyAddress, keyLength) < 0) {
            record = records.next(record);
        }
        return record;
    }

    private int nearCeiling(Object keyBase, long keyAddress, int keyLength) {
        int child = Memory.getIntAcquire(nodes.base(rootCell), nodes.address(rootCell));
        int depth = 0;
        while (child > 0) {
            Object base = nodes.base(child);
            long node = nodes.address(child);
            int type = Memory.getByte(base, node);
            int prefixLength = prefixLength(base, node);
            int compared = Math.min(prefixLength, keyLength - depth);
            int same = Memory.mismatch(base, node + PREFIX[type], keyBase, keyAddress + depth, compared);
            if (same < prefixLength) {
                boolean keyIsBefore = same == compared || unsigned(keyBase, keyAddress + depth + same) < unsigned(base, node + PREFIX[type] + same);
                return keyIsBefore ? first(child) : records.next(last(child));
            }
            depth += prefixLength;
            if (depth == keyLength) {
                return first(child);
            }
            int b = unsigned(keyBase, keyAddress + depth);
            long slot = childSlot(base, node, type, (byte) b);
            if (slot == 0) {
                int greater = childAbove(base, node, type, b);
                return greater != 0 ? first(greater) : records.next(last(child));
            }
            child = Memory.getIntAcquire(base, slot);
            depth++;
        }
        return -child;
    }

    /**
     * The records whose keys begin with a prefix, in key order, without a look at any of them but one that lies alone on its way. Misses
     * nothing that was published before the call.
     *
     * @param into filled from its beginning
     * @return how many there are, or {@link #TOO_MANY}
     */
    int withPrefix(Object prefixBase, long prefixAddress, int length, long[] into) {
        int child = Memory.getIntAcquire(nodes.base(rootCell), nodes.address(rootCell));
        int depth = 0;
        while (child > 0 && depth < length) {
            Object base = nodes.base(child);
            long node = nodes.address(child);
            int type = Memory.getByte(base, node);
            int compared = Math.min(prefixLength(base, node), length - depth);
            if (Memory.mismatch(base, node + PREFIX[type], prefixBase, prefixAddress + depth, compared) < compared) {
                return 0;
            }
            depth += compared;
            if (depth < length) {
                long slot = childSlot(base, node, type, Memory.getByte(prefixBase, prefixAddress + depth));
                if (slot == 0) {
                    return 0;
                }
                child = Memory.getIntAcquire(base, slot);
                depth++;
            }
        }
        boolean alone = child < 0;
        if (child == 0 || alone && !records.keyStartsWith(-child, prefixBase, prefixAddress, length)) {
            return 0;
        }
        return gather(child, into, 0, DEEPEST_GATHERED);
    }

    /**
     * Adds the records under a child after the first {@code count}.
     *
     * @param levels so many more nodes are gone down, for the stack's sake: keys may be 65,535 bytes long
     * @return how many there are then, or {@link #TOO_MANY}
     */
    private int gather(int child, long[] into, int count, int levels) {
        if (child < 0) {
            if (count == into.length) {
                return TOO_MANY;
            }
            into[count] = -child;
            return count + 1;
        }
        if (levels == 0) {
            return TOO_MANY;
        }
        Object base = nodes.base(child);
        long node = nodes.address(child);
        int type = Memory.getByte(base, node);
        int terminal = Memory.getIntAcquire(base, node + TERMINAL);
        int gathered = terminal == 0 ? count : gather(terminal, into, count, 0);
        if (type <= NODE16 && gathered != TOO_MANY) {
            int sorted = gatherLeaves(base, node, type, into, gathered);
            if (sorted >= 0) {
                return sorted;
            }
        }
        for (int b = 0; b < 256 && gathered != TOO_MANY; b++) {
            long slot = childSlot(base, node, type, (byte) b);
            if (slot != 0) {
                gathered = gather(Memory.getIntAcquire(base, slot), into, gathered, levels - 1);
            }
        }
        return gathered;
    }

    /** The same of a small node, if all its children are records; -1 if not. Sorted by the byte above a reference, which then goes. */
    private int gatherLeaves(Object base, long node, int type, long[] into, int from) {
        int children = Memory.getIntAcquire(base, node + COUNT);
        if (children > into.length - from) {
            return -1;
        }
        for (int i = 0; i < children; i++) {
            int child = Memory.getIntAcquire(base, node + CHILDREN[type] + 4L * i);
            if (child >= 0) {
                return -1;
            }
            long entry = (long) unsigned(base, node + BODY + i) << Integer.SIZE | -child;
            int at = from + i;
            for (; at > from && into[at - 1] > entry; at--) {
                into[at] = into[at - 1];
            }
            into[at] = entry;
        }
        for (int i = from; i < from + children; i++) {
            into[i] = (int) into[i];
        }
        return from + children;
    }

    /**
     * Finds the key's record, or makes one with a first version and links it: one way down for both.
     *
     * @return minus the record if it was made; else the record that holds the key already, and nothing was changed
     */
    int findOrAdd(int family, Slice key, long trailer, Slice value) {
        Object keyBase = key.base();
        long keyAddress = key.address();
        int keyLength = key.length();
        Object slotBase = nodes.base(rootCell);
        long slot = nodes.address(rootCell);
        int depth = 0;
        while (true) {
            int child = Memory.getInt(slotBase, slot);
            if (child == 0) {
                int record = records.appendKey(family, key, trailer, value);
                records.linkFirst(record);
                Memory.putIntRelease(slotBase, slot, -record);
                return -record;
            }
            if (child < 0) {
                int existing = -child;
                int common = depth + records.commonLength(existing, keyBase, keyAddress, keyLength, depth);
                if (common == keyLength && common == records.keyLength(existing)) {
                    return existing;
                }
                int record = records.appendKey(family, key, trailer, value);
                splitLeaf(slotBase, slot, existing, common, record, keyBase, keyAddress, keyLength, depth);
                return -record;
            }
            Object base = nodes.base(child);
            long node = nodes.address(child);
            int type = Memory.getByte(base, node);
            int prefixLength = prefixLength(base, node);
            if (prefixLength > 0) {
                int compared = Math.min(prefixLength, keyLength - depth);
                int same = Memory.mismatch(base, node + PREFIX[type], keyBase, keyAddress + depth, compared);
                if (same < prefixLength) {
                    int record = records.appendKey(family, key, trailer, value);
                    splitPrefix(slotBase, slot, child, same, record, keyBase, keyAddress, keyLength, depth);
                    return -record;
                }
                depth += prefixLength;
            }
            if (depth == keyLength) {
                int terminal = Memory.getInt(base, node + TERMINAL);
                if (terminal != 0) {
                    return -terminal;
                }
                int record = records.appendKey(family, key, trailer, value);
                records.linkBefore(record, first(child));
                Memory.putIntRelease(base, node + TERMINAL, -record);
                return -record;
            }
            int b = unsigned(keyBase, keyAddress + depth);
            long childSlot = childSlot(base, node, type, (byte) b);
            if (childSlot == 0) {
                int record = records.appendKey(family, key, trailer, value);
                linkBesideSiblings(record, child, base, node, type, b);
                addChild(slotBase, slot, child, b, -record);
                return -record;
            }
            slotBase = base;
            slot = childSlot;
            depth++;
        }
    }

    private void linkBesideSiblings(int record, int nodeReference, Object base, long node, int type, int b) {
        int smaller = childBelow(base, node, type, b);
        if (smaller != 0) {
            records.linkAfter(record, last(smaller));
            return;
        }
        int terminal = Memory.getInt(base, node + TERMINAL);
        if (terminal != 0) {
            records.linkAfter(record, -terminal);
        } else {
            records.linkBefore(record, first(nodeReference));
        }
    }

    /** @param common how many leading bytes the existing key shares with the new one; not all of both */
    private void splitLeaf(Object slotBase, long slot, int existing, int common, int record, Object keyBase, long keyAddress, int keyLength,
            int depth) {
        Object otherBase = records.base(existing);
        long otherKey = records.keyAddress(existing);
        int otherLength = records.keyLength(existing);
        int split = newNode(NODE4, common - depth, keyBase, keyAddress + depth);
        place(split, -existing, otherBase, otherKey, otherLength, common);
        place(split, -record, keyBase, keyAddress, keyLength, common);
        boolean newIsBehind = common == otherLength
                || common < keyLength && unsigned(keyBase, keyAddress + common) > unsigned(otherBase, otherKey + common);
        if (newIsBehind) {
            records.linkAfter(record, existing);
        } else {
            records.linkBefore(record, existing);
        }
        Memory.putIntRelease(slotBase, slot, split);
    }

    /** The key leaves the node's prefix after {@code same} bytes: a new node takes the common part, a copy of the old one the rest. */
    private void splitPrefix(
            Object slotBase, long slot, int old, int same, int record, Object keyBase, long keyAddress, int keyLength, int depth) {
        Object base = nodes.base(old);
        long node = nodes.address(old);
        int type = Memory.getByte(base, node);
        long prefix = node + PREFIX[type];
        int prefixLength = prefixLength(base, node);
        int oldByte = unsigned(base, prefix + same);

        int split = newNode(NODE4, same, base, prefix);
        int shortened = copyNode(old, type, prefixLength - same - 1, base, prefix + same + 1);
        // The arena's tables may have grown: resolve the new node only now.
        appendChild(nodes.base(split), nodes.address(split), NODE4, oldByte, shortened);
        place(split, -record, keyBase, keyAddress, keyLength, depth + same);
        boolean newIsBehind = depth + same < keyLength && unsigned(keyBase, keyAddress + depth + same) > oldByte;
        if (newIsBehind) {
            records.linkAfter(record, last(old));
        } else {
            records.linkBefore(record, first(old));
        }
        Memory.putIntRelease(slotBase, slot, split);
    }

    /** Puts a child under the key's byte at {@code depth}, or as the terminal if the key ends there. */
    private void place(int nodeReference, int child, Object keyBase, long keyAddress, int keyLength, int depth) {
        Object base = nodes.base(nodeReference);
        long node = nodes.address(nodeReference);
        if (depth == keyLength) {
            Memory.putIntRelease(base, node + TERMINAL, child);
        } else {
            appendChild(base, node, Memory.getByte(base, node), unsigned(keyBase, keyAddress + depth), child);
        }
    }

    private void addChild(Object slotBase, long slot, int nodeReference, int b, int child) {
        Object base = nodes.base(nodeReference);
        long node = nodes.address(nodeReference);
        int type = Memory.getByte(base, node);
        if (Memory.getInt(base, node + COUNT) < CAPACITY[type]) {
            appendChild(base, node, type, b, child);
            return;
        }
        int grown = grow(nodeReference);
        appendChild(nodes.base(grown), nodes.address(grown), type + 1, b, child);
        Memory.putIntRelease(slotBase, slot, grown);
    }

    private static void appendChild(Object base, long node, int type, int b, int child) {
        int count = Memory.getInt(base, node + COUNT);
        switch (type) {
            case NODE4, NODE16 -> {
                Memory.putInt(base, node + CHILDREN[type] + 4L * count, child);
                Memory.putByte(base, node + BODY + count, (byte) b);
            }
            case NODE48 -> {
                Memory.putInt(base, node + CHILDREN[NODE48] + 4L * count, child);
                Memory.putByteRelease(base, node + BODY + b, (byte) (count + 1));
            }
            default -> Memory.putIntRelease(base, node + BODY + 4L * b, child);
        }
        Memory.putIntRelease(base, node + COUNT, count + 1);
    }

    private int grow(int nodeReference) {
        Object base = nodes.base(nodeReference);
        long node = nodes.address(nodeReference);
        int type = Memory.getByte(base, node);
        int grown = newNode(type + 1, prefixLength(base, node), base, node + PREFIX[type]);
        Object grownBase = nodes.base(grown);
        long grownNode = nodes.address(grown);
        Memory.putInt(grownBase, grownNode + TERMINAL, Memory.getInt(base, node + TERMINAL));
        if (type == NODE48) {
            for (int b = 0; b < 256; b++) {
                int place = Memory.getByte(base, node + BODY + b);
                if (place != 0) {
                    appendChild(grownBase, grownNode, NODE256, b, Memory.getInt(base, node + CHILDREN[NODE48] + 4L * (place - 1)));
                }
            }
        } else {
            for (int i = 0; i < CAPACITY[type]; i++) {
                appendChild(grownBase, grownNode, type + 1, unsigned(base, node + BODY + i), Memory.getInt(base, node + CHILDREN[type] + 4L * i));
            }
        }
        return grown;
    }

    private int copyNode(int source, int type, int prefixLength, Object prefixBase, long prefixAddress) {
        int copy = newNode(type, prefixLength, prefixBase, prefixAddress);
        Object from = nodes.base(source);
        long fromNode = nodes.address(source);
        Memory.copy(from, fromNode + COUNT, nodes.base(copy), nodes.address(copy) + COUNT, PREFIX[type] - COUNT);
        return copy;
    }

    private int newNode(int type, int prefixLength, Object prefixBase, long prefixAddress) {
        int reference = nodes.allocate(PREFIX[type] + prefixLength);
        Object base = nodes.base(reference);
        long node = nodes.address(reference);
        Memory.fill(base, node, PREFIX[type], (byte) 0);
        Memory.putByte(base, node, (byte) type);
        Memory.putShort(base, node + PREFIX_LENGTH, (short) prefixLength);
        Memory.copy(prefixBase, prefixAddress, base, node + PREFIX[type], prefixLength);
        return reference;
    }

    /** Address of the slot that holds the child for a byte, or 0. */
    private static long childSlot(Object base, long node, int type, byte b) {
        switch (type) {
            case NODE4: {
                int count = Memory.getIntAcquire(base, node + COUNT);
                for (int i = 0; i < count; i++) {
                    if (Memory.getByte(base, node + BODY + i) == b) {
                        return node + CHILDREN[NODE4] + 4L * i;
                    }
                }
                return 0;
            }
            case NODE16: {
                int count = Memory.getIntAcquire(base, node + COUNT);
                int at = indexOf(Memory.getLong(base, node + BODY), b);
                if (at == 8) {
                    at = 8 + indexOf(Memory.getLong(base, node + BODY + 8), b);
                }
                return at < count ? node + CHILDREN[NODE16] + 4L * at : 0;
            }
            case NODE48: {
                int place = Memory.getByte(base, node + BODY + (b & 0xff));
                return place == 0 ? 0 : node + CHILDREN[NODE48] + 4L * (place - 1);
            }
            default: {
                long slot = node + BODY + 4L * (b & 0xff);
                return Memory.getIntAcquire(base, slot) == 0 ? 0 : slot;
            }
        }
    }

    /** Index of the first byte of a little-endian word that equals {@code b}; 8 if none does. */
    private static int indexOf(long word, byte b) {
        long difference = word ^ LOW_BITS * (b & 0xff);
        long zeroBytes = (difference - LOW_BITS) & ~difference & HIGH_BITS;
        return Long.numberOfTrailingZeros(zeroBytes) >>> 3;
    }

    /** The child with the greatest byte below {@code b}, or 0. */
    private static int childBelow(Object base, long node, int type, int b) {
        switch (type) {
            case NODE4:
            case NODE16: {
                int best = -1;
                int child = 0;
                int count = Memory.getIntAcquire(base, node + COUNT);
                for (int i = 0; i < count; i++) {
                    int at = unsigned(base, node + BODY + i);
                    if (at < b && at > best) {
                        best = at;
                        child = Memory.getIntAcquire(base, node + CHILDREN[type] + 4L * i);
                    }
                }
                return child;
            }
            default:
                for (int at = b - 1; at >= 0; at--) {
                    int child = childAt(base, node, type, at);
                    if (child != 0) {
                        return child;
                    }
                }
                return 0;
        }
    }

    /** The child with the smallest byte above {@code b}, or 0. */
    private static int childAbove(Object base, long node, int type, int b) {
        switch (type) {
            case NODE4:
            case NODE16: {
                int best = 256;
                int child = 0;
                int count = Memory.getIntAcquire(base, node + COUNT);
                for (int i = 0; i < count; i++) {
                    int at = unsigned(base, node + BODY + i);
                    if (at > b && at < best) {
                        best = at;
                        child = Memory.getIntAcquire(base, node + CHILDREN[type] + 4L * i);
                    }
                }
                return child;
            }
            default:
                for (int at = b + 1; at < 256; at++) {
                    int child = childAt(base, node, type, at);
                    if (child != 0) {
                        return child;
                    }
                }
                return 0;
        }
    }

    private static int childAt(Object base, long node, int type, int b) {
        if (type == NODE256) {
            return Memory.getIntAcquire(base, node + BODY + 4L * b);
        }
        int place = Memory.getByte(base, node + BODY + b);
        return place == 0 ? 0 : Memory.getIntAcquire(base, node + CHILDREN[NODE48] + 4L * (place - 1));
    }

    /** The record with the smallest key under a child. */
    private int first(int child) {
        int at = child;
        while (at > 0) {
            Object base = nodes.base(at);
            long node = nodes.address(at);
            int terminal = Memory.getIntAcquire(base, node + TERMINAL);
            at = terminal != 0 ? terminal : childAbove(base, node, Memory.getByte(base, node), -1);
        }
        return -at;
    }

    /** The record with the greatest key under a child. */
    private int last(int child) {
        int at = child;
        while (at > 0) {
            Object base = nodes.base(at);
            long node = nodes.address(at);
            int greatest = childBelow(base, node, Memory.getByte(base, node), 256);
            at = greatest != 0 ? greatest : Memory.getIntAcquire(base, node + TERMINAL);
        }
        return -at;
    }

    private static int prefixLength(Object base, long node) {
        return Memory.getShort(base, node + PREFIX_LENGTH) & 0xffff;
    }

    private static int unsigned(Object base, long address) {
        return Memory.getByte(base, address) & 0xff;
    }
}
