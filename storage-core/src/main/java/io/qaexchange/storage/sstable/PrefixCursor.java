package io.qaexchange.storage.sstable;

import io.qaexchange.storage.CopiedEntries;
import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;

/**
 * Copies the few entries of a file whose keys begin with a prefix, in three steps: {@link #find} goes to the block, {@link #ask} asks for
 * the memory that is searched first, {@link #copy} searches. Who has several files takes each step with all of them before the next, and
 * waits for all that memory at once: finding pins blocks by atomic operations, and these wait for whatever was asked for before.
 *
 * <p>May be turned to another file again and again. One thread; the file must be leased from {@link #find} until {@link #release}.
 */
public final class PrefixCursor {
    private final IndexCursor index = new IndexCursor();
    private final BlockPin pin = new BlockPin();
    private final Slice key = new Slice();
    private final Slice value = new Slice();
    private final Slice separator = new Slice();
    private final DataBlock block = new DataBlock(key, value);
    private BlockSource source;
    private boolean distinct;
    /** Whether there is a block to look into. */
    private boolean there;
    private long blockOffset;

    /** Goes to the block that holds the first key at or after the prefix. */
    public void find(SstableReader file, Slice prefix) throws IOException {
        file.begin(this);
        try {
            there = index.seek(prefix, Trailer.NEWEST);
            if (there) {
                pinBlock();
            }
        } catch (InternalError | UnreadableBlockException e) {
            throw source.fault(e, blockOffset);
        }
    }

    void begin(BlockSource of, IndexBlock root, int indexLevels, boolean distinctKeys) {
        source = of;
        distinct = distinctKeys;
        blockOffset = 0;
        there = false;
        index.reset(of, root, indexLevels);
    }

    private void pinBlock() throws IOException {
        pin.release();
        blockOffset = index.leaf().offset(index.position());
        source.data(index.leaf(), index.position(), pin);
    }

    /** Asks for the memory in which the block is searched first. */
    public void ask() throws IOException {
        try {
            if (there) {
                int columnBytes = index.leaf().columnBytes(index.position(), pin.length());
                block.loadToSeek(pin.base(), pin.address(), pin.length(), columnBytes, pin.heldBlocks() > 0);
            }
        } catch (InternalError | UnreadableBlockException e) {
            throw source.fault(e, blockOffset);
        }
    }

    /**
     * Adds the newest entry of each key with the prefix that a reader at {@code snapshot} sees, tombstones included. Range tombstones are
     * not looked at.
     *
     * @return false if they do not fit, or one must be joined with older ones; what was added is then worth nothing
     */
    public boolean copy(Slice prefix, long snapshot, CopiedEntries into) throws IOException {
        try {
            boolean fits = true;
            boolean inBlock = there && block.seek(prefix, Trailer.NEWEST);
            while (there && fits) {
                fits = !inBlock || copyBlock(prefix, snapshot, into);
                // The next block goes on with the prefix only if the separator, which lies between them, begins with it too.
                there = index.leaf().separator(index.position(), separator).startsWith(prefix) && index.next();
                if (there && fits) {
                    pinBlock();
                    block.load(pin.base(), pin.address(), pin.length());
                    inBlock = block.first();
                }
            }
            return fits;
        } catch (InternalError | UnreadableBlockException e) {
            throw source.fault(e, blockOffset);
        }
    }

    /** From the entry that the block stands on. */
    private boolean copyBlock(Slice prefix, long snapshot, CopiedEntries into) {
        do {
            if (!key.startsWith(prefix)) {
                return true;
            }
            long trailer = block.trailer();
            boolean visible = Trailer.sequence(trailer) <= snapshot && (distinct || !into.endsWith(key));
            if (visible && !into.add(key, trailer, value)) {
                return false;
            }
        } while (block.next());
        return true;
    }

    /** Lets go of the file. */
    public void release() {
        pin.release();
        index.release();
    }
}
