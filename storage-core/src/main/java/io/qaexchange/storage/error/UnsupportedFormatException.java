package io.qaexchange.storage.error;

/** The bytes are fine, but this build cannot read them: another program's file, or a newer format. */
public final class UnsupportedFormatException extends StoreException {
    private static final long serialVersionUID = 1L;

    public UnsupportedFormatException(String what, Object file, Object found, Object supported) {
        super(what + ": file=" + file + " found=" + found + " supported=" + supported);
    }
}
