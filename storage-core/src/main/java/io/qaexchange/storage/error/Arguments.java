package io.qaexchange.storage.error;

/** Checks of what callers hand in. Stateless. */
public final class Arguments {
    private Arguments() {}

    /**
     * Refuses null.
     *
     * @param name of the argument, for the message
     * @throws NullPointerException with a message that names the argument
     */
    public static <T> T notNull(T value, String name) {
        if (value == null) {
            throw new NullPointerException(name + " must not be null");
        }
        return value;
    }

    /** The same for a column family, of which null mostly means a wrong name. */
    public static <T> T family(T family) {
        if (family == null) {
            throw new NullPointerException("family must not be null: Store.family gives null for a name that is not in the store");
        }
        return family;
    }
}
