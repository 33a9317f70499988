package io.qaexchange.storage.manifest;

/** Constants of the store manifest, whose layout {@link ManifestWriter} documents. */
final class ManifestFormat {
    /** "QAMANIF" as a little-endian number. */
    static final long MAGIC = 0x46494E414D4151L;
    static final int VERSION = 1;
    static final int HEAD_BYTES = 16;
    static final int FRAME_BYTES = 9;
    static final int TYPE_EDIT = 1;
    static final int TYPE_SYNCED = 2;

    private ManifestFormat() {}
}
