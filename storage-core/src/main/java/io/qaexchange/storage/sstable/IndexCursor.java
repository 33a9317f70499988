package io.qaexchange.storage.sstable;

import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;

/**
 * Walks the data blocks of a file through all index levels, leaving out those, and whole index blocks, whose event times do not meet
 * the range asked for.
 *
 * <p>One thread. Used again for other files by {@link #reset}.
 */
final class IndexCursor {
    private BlockAccess access;
    private int top;
    private TimeRange times;
    private boolean timed;
    private IndexBlock[] blocks = new IndexBlock[0];
    private IndexBlock[] own = new IndexBlock[0];
    private int[] positions = new int[0];
    private BlockPin[] pins = new BlockPin[0];

    /** Turns to a file; all event times are wanted. */
    void reset(BlockAccess access, IndexBlock root, int levels) {
        this.access = access;
        top = levels - 1;
        timed = false;
        if (blocks.length < levels) {
            grow(levels);
        }
        for (int level = 0; level < top; level++) {
            blocks[level] = own[level];
        }
        blocks[top] = root;
    }

    private void grow(int levels) {
        blocks = new IndexBlock[levels];
        own = new IndexBlock[levels];
        positions = new int[levels];
        pins = new BlockPin[levels];
        // The root is the file's.
        for (int i = 0; i < levels - 1; i++) {
            own[i] = new IndexBlock();
            pins[i] = new BlockPin();
        }
    }

    /** Leaves out blocks without event times in the range. */
    void restrictTime(TimeRange wanted) {
        times = wanted;
        timed = !wanted.isAll();
    }

    /** The index block whose entry {@link #position()} is the current data block. */
    IndexBlock leaf() {
        return blocks[0];
    }

    int position() {
        return positions[0];
    }

    boolean first() throws IOException {
        positions[top] = -1;
        return step(top, 1) && descend(1);
    }

    boolean last() throws IOException {
        positions[top] = blocks[top].count();
        return step(top, -1) && descend(-1);
    }

    boolean next() throws IOException {
        return step(0, 1);
    }

    boolean previous() throws IOException {
        return step(0, -1);
    }

    /** To the first block that may hold entries at or after the target; false if there is none. */
    boolean seek(Slice target, long trailer) throws IOException {
        boolean beyond = false;
        for (int level = top; level >= 0; level--) {
            if (level < top) {
                load(level);
            }
            int found = beyond ? 0 : blocks[level].lowerBound(target, trailer);
            boolean exists = found < blocks[level].count();
            positions[level] = found;
            if (!exists || timed && !isWanted(level, found)) {
                if (!step(level, 1)) {
                    return false;
                }
                beyond = true;
            }
        }
        return true;
    }

    /** From a position of the root down to the first or last wanted data block below it or beyond. */
    private boolean descend(int direction) throws IOException {
        for (int level = top - 1; level >= 0; level--) {
            load(level);
            positions[level] = direction > 0 ? -1 : blocks[level].count();
            if (!step(level, direction)) {
                return false;
            }
        }
        return true;
    }

    private boolean step(int level, int direction) throws IOException {
        while (true) {
            int position = positions[level] + direction;
            if (position >= 0 && position < blocks[level].count()) {
                positions[level] = position;
                if (!timed || isWanted(level, position)) {
                    return true;
                }
            } else if (level == top || !step(level + 1, direction)) {
                return false;
            } else {
                load(level);
                positions[level] = direction > 0 ? -1 : blocks[level].count();
            }
        }
    }

    private boolean isWanted(int level, int position) {
        return times.meets(blocks[level].minTime(position), blocks[level].maxTime(position));
    }

    private void load(int level) throws IOException {
        BlockPin pin = pins[level];
        pin.release();
        access.index(blocks[level + 1], positions[level + 1], level, pin);
        blocks[level].load(pin.base(), pin.address(), pin.length());
    }

    void release() {
        for (int level = 0; level < top; level++) {
            pins[level].release();
        }
    }
}
