package io.qaexchange.storage.error;

/** The bytes of a file are wrong. Trying again does not help; {@code bin/store salvage} reports what can still be read. */
public final class CorruptionException extends StoreException {
    private static final long serialVersionUID = 1L;

    private final String file;
    private final long offset;

    public CorruptionException(String what, Object file, long offset) {
        super(what + ": file=" + file + " offset=" + offset);
        this.file = String.valueOf(file);
        this.offset = offset;
    }

    public CorruptionException(String what, Object file, long offset, Throwable cause) {
        super(what + ": file=" + file + " offset=" + offset, cause);
        this.file = String.valueOf(file);
        this.offset = offset;
    }

    public static CorruptionException checksum(String what, Object file, long offset, int expected, int actual) {
        return new CorruptionException(
                String.format("%s checksum mismatch (expected=0x%08x actual=0x%08x)", what, expected, actual), file, offset);
    }

    public String file() {
        return file;
    }

    /** Where in the file the damage was noticed, in bytes. */
    public long offset() {
        return offset;
    }
}
