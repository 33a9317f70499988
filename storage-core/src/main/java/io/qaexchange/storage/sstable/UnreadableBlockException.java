package io.qaexchange.storage.sstable;

/**
 * A checked block says something else than when it was checked: its page could not be read again, and what the processor has in its
 * place is anything at all. Thrown where a number of a block is about to become an address; readers turn it into a
 * {@link io.qaexchange.storage.error.CorruptionException}.
 */
final class UnreadableBlockException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    UnreadableBlockException(String what) {
        super(what, null, false, false);
    }
}
