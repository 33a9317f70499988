package io.qaexchange.storage.sstable;

import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.memory.Slice;

/** Checks a data block before {@link DataBlock} reads it without further checks of bounds. Stateless. */
final class DataBlockCheck {

    private DataBlockCheck() {
    }

    /** Checks that no number in a block leads outside of it. */
    static void validate(Slice block, Object file, long offset) throws CorruptionException {
        int layout = block.length() < SstableFormat.BLOCK_PREFIX_HEADER_SIZE ? 0 : block.getByte(SstableFormat.BLOCK_LAYOUT);
        boolean valid = layout == SstableFormat.LAYOUT_FIXED ? isValidFixed(block)
                : layout == SstableFormat.LAYOUT_PREFIX && isValidPrefix(block, file, offset);
        if (!valid) {
            throw new CorruptionException("data block makes no sense (layout " + layout + ", " + block.length() + " bytes)", file,
                    offset);
        }
    }

    private static boolean isValidWidth(int width) {
        return width == 0 || width == SstableFormat.WIDTH_SEQUENCE_16 || width == SstableFormat.WIDTH_SEQUENCE_24 || width == Integer.BYTES
                || width == Long.BYTES;
    }

    private static boolean isValidFixed(Slice block) {
        if (block.length() < SstableFormat.BLOCK_FIXED_HEADER_SIZE) {
            return false;
        }
        int header = block.getInt(0);
        int flags = header >>> 8 & 0xff & ~SstableFormat.BLOCK_WIDTH_MASK;
        int width = header >>> 8 & SstableFormat.BLOCK_WIDTH_MASK;
        int keyLength = header >>> 16;
        int valueLength = block.getInt(SstableFormat.BLOCK_VALUE_LENGTH);
        int count = block.getInt(SstableFormat.BLOCK_COUNT);
        int window = block.getInt(SstableFormat.BLOCK_WINDOW_OFFSET) & 0xffff;
        int columnWidth = SstableFormat.columnWidth(flags);
        return isValidWidth(width) && flags == SstableFormat.columnFlags(columnWidth) && (flags == 0 || count > 0
                && window + SstableFormat.WINDOW_SIZE <= keyLength)
                && valueLength >= 0 && valueLength <= SstableFormat.MAX_VALUE_LENGTH && count >= 0
                && SstableFormat.BLOCK_FIXED_HEADER_SIZE + (long) count * ((long) columnWidth + keyLength + width + valueLength)
                        == block.length();
    }

    private static boolean isValidPrefix(Slice block, Object file, long offset) throws CorruptionException {
        int width = block.getByte(SstableFormat.BLOCK_TRAILER_WIDTH);
        int restartCount = block.getInt(SstableFormat.BLOCK_RESTART_COUNT);
        int count = block.getInt(SstableFormat.BLOCK_COUNT);
        int room = block.length() - SstableFormat.BLOCK_PREFIX_HEADER_SIZE;
        if (!isValidWidth(width) || count < 1 || restartCount < 1 || restartCount > count || restartCount > room / Integer.BYTES) {
            return false;
        }
        int restartsAt = block.length() - restartCount * Integer.BYTES;
        ByteReader in = new ByteReader(new Slice().wrap(block.base(), block.address(), restartsAt), file, offset);
        Slice skipped = new Slice();
        in.raw(SstableFormat.BLOCK_PREFIX_HEADER_SIZE, skipped);
        int restart = 0;
        int keyLength = 0;
        for (int i = 0; i < count; i++) {
            boolean atRestart = restart < restartCount && block.getInt(restartsAt + restart * Integer.BYTES) == in.position();
            restart += atRestart ? 1 : 0;
            int shared = in.varint32();
            if (shared > keyLength || (atRestart || i == 0) && (shared != 0 || !atRestart)) {
                return false;
            }
            int further = in.varint32();
            int valueLength = in.varint32();
            if (further > SstableFormat.MAX_KEY_LENGTH - shared) {
                return false;
            }
            in.raw(width, skipped);
            in.raw(further, skipped);
            in.raw(valueLength, skipped);
            keyLength = shared + further;
        }
        return !in.hasRemaining() && restart == restartCount;
    }
}
