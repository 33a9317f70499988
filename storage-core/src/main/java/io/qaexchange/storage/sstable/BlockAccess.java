package io.qaexchange.storage.sstable;

import io.qaexchange.storage.cache.BlockPin;
import java.io.IOException;

/**
 * Where blocks come from. Each call makes the pin's current block the payload of a block, uncompressed, checked and validated; it stays
 * readable until the pin is released or used for the next block.
 */
interface BlockAccess {
    void data(IndexBlock index, int i, BlockPin pin) throws IOException;

    /** @param level that the block below entry {@code i} must have */
    void index(IndexBlock parent, int i, int level, BlockPin pin) throws IOException;
}
