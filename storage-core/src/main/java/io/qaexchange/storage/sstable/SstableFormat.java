package io.qaexchange.storage.sstable;

/** Constants of the file format that {@link SstableWriter} specifies. */
final class SstableFormat {
    /** At the very end of every sstable, and at its beginning so that a truncated one is known for what it is. */
    static final long MAGIC = 0x5353544F4C5450L;
    static final int HEADER_SIZE = 8;

    /** Version 1: the first one. Version 2: data blocks with narrow columns and short trailers. Written by this build, which reads version 1 as well. */
    static final int VERSION = 3;
    static final int OLDEST_VERSION = 1;

    static final int MAX_KEY_LENGTH = (1 << 16) - 1;
    static final int MAX_VALUE_LENGTH = 1 << 30;

    // A frame: what every block stands in.
    static final int FRAME_PAYLOAD_SIZE = 0;
    static final int FRAME_KIND = 4;
    static final int FRAME_COMPRESSION = 5;
    static final int FRAME_HEADER_SIZE = 8;
    static final int FRAME_CHECKSUM_SIZE = 4;
    static final int FRAME_OVERHEAD = FRAME_HEADER_SIZE + FRAME_CHECKSUM_SIZE;

    static final int KIND_DATA = 1;
    static final int KIND_INDEX = 2;
    static final int KIND_FILTER = 3;
    static final int KIND_RANGE_TOMBSTONES = 4;
    static final int KIND_PROPERTIES = 5;

    // A data block: header of both layouts.
    static final int LAYOUT_FIXED = 1;
    static final int LAYOUT_PREFIX = 2;
    static final int BLOCK_LAYOUT = 0;
    static final int BLOCK_TRAILER_WIDTH = 1;
    static final int BLOCK_KEY_LENGTH = 2;
    static final int BLOCK_VALUE_LENGTH = 4;
    static final int BLOCK_RESTART_COUNT = 4;
    static final int BLOCK_COUNT = 8;
    static final int BLOCK_WINDOW_OFFSET = 12;
    static final int BLOCK_INTERPOLATION_ERROR = 14;
    static final int BLOCK_BASE_TRAILER = 16;
    static final int BLOCK_PREFIX_HEADER_SIZE = 24;
    static final int BLOCK_FIRST_WINDOW = 24;
    static final int BLOCK_LAST_WINDOW = 32;
    static final int BLOCK_FIXED_HEADER_SIZE = 40;
    /** In the trailer width's byte: a column of shortened windows stands before the records. */
    static final int BLOCK_FLAG_COLUMN = 0x10;
    /** With {@link #BLOCK_FLAG_COLUMN}: its entries have 16 bits, not 32. Since version 2. */
    static final int BLOCK_FLAG_NARROW_COLUMN = 0x20;
    /** With {@link #BLOCK_FLAG_COLUMN}: its entries have 8 bits. Since version 3. */
    static final int BLOCK_FLAG_BYTE_COLUMN = 0x40;
    static final int BLOCK_WIDTH_MASK = 0xf;
    /** Trailer widths since version 2: trailers of one kind, of whose differences only the sequence numbers are kept. */
    static final int WIDTH_SEQUENCE_16 = 2;
    static final int WIDTH_SEQUENCE_24 = 3;
    /** In place of an interpolation error: search by halving. */
    static final int NO_INTERPOLATION = 0xffff;

    // An index block.
    static final int INDEX_LEVEL = 0;
    static final int INDEX_FLAGS = 1;
    static final int INDEX_PREFIX = 2;
    static final int INDEX_COUNT = 4;
    static final int INDEX_HEADER_SIZE = 8;
    static final int INDEX_FLAG_EVENT_TIME = 1;
    static final int WINDOW_SIZE = 8;
    /** Zeros after the last separator, so that eight bytes can be read at any of their bytes. */
    static final int INDEX_PADDING = 8;
    static final int META_OFFSET = 0;
    static final int META_SIZE = 8;
    static final int META_ORDINAL = 12;
    static final int META_TRAILER = 16;
    static final int META_ENTRIES = 24;
    static final int META_COMPRESSION = 30;
    static final int META_LAYOUT = 31;
    static final int META_BYTES = 32;
    static final int META_MIN_TIME = 40;
    static final int META_MAX_TIME = 48;
    static final int META_STRIDE = 40;
    static final int META_STRIDE_WITH_TIME = 56;
    static final long MAX_ENTRIES = (1L << 48) - 1;
    static final int MAX_INDEX_LEVELS = 16;

    private SstableFormat() {}

    static String kindName(int kind) {
        return switch (kind) {
            case KIND_DATA -> "data";
            case KIND_INDEX -> "index";
            case KIND_FILTER -> "filter";
            case KIND_RANGE_TOMBSTONES -> "range-tombstones";
            case KIND_PROPERTIES -> "properties";
            default -> "unknown(" + kind + ")";
        };
    }

    static String layoutName(int layout) {
        return switch (layout) {
            case LAYOUT_FIXED -> "fixed";
            case LAYOUT_PREFIX -> "prefix";
            default -> "unknown(" + layout + ")";
        };
    }

    /** Bytes of an entry of a block's column, by the byte that holds its flags; 0 without a column. */
    static int columnWidth(int flags) {
        if ((flags & BLOCK_FLAG_COLUMN) == 0) {
            return 0;
        }
        return (flags & BLOCK_FLAG_BYTE_COLUMN) != 0 ? Byte.BYTES : (flags & BLOCK_FLAG_NARROW_COLUMN) == 0 ? Integer.BYTES : Short.BYTES;
    }

    /** The flags that say so. */
    static int columnFlags(int width) {
        return switch (width) {
            case 0 -> 0;
            case Byte.BYTES -> BLOCK_FLAG_COLUMN | BLOCK_FLAG_BYTE_COLUMN;
            case Short.BYTES -> BLOCK_FLAG_COLUMN | BLOCK_FLAG_NARROW_COLUMN;
            default -> BLOCK_FLAG_COLUMN;
        };
    }
}
