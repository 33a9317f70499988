package io.qaexchange.job.model.book;

/** Effect of an order or trade on a position. */
public enum Offset {
    /** Nets: closes the other side as far as there is one and opens with the rest, as shares are traded. */
    NONE,
    OPEN,
    CLOSE,
    CLOSETODAY;

    private static final Offset[] BY_CODE = values();

    /** The offset of that name in events; null is NONE. */
    static Offset of(String name) {
        return name == null ? NONE : valueOf(name);
    }

    static Offset ofCode(int code) {
        return BY_CODE[code];
    }

    /** Written to state; never changed. */
    int code() {
        return switch (this) {
            case NONE -> 0;
            case OPEN -> 1;
            case CLOSE -> 2;
            case CLOSETODAY -> 3;
        };
    }
}
