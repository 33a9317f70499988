package io.qaexchange.job.model.book;

/** Direction of an order or trade, with the codes of the event schema. */
public enum Direction {
    NONE, BUY, SELL;

    private static final Direction[] BY_CODE = values();

    /** The direction of that name in events; null is NONE. */
    static Direction of(String name) {
        return name == null ? NONE : valueOf(name);
    }

    static Direction ofCode(int code) {
        return BY_CODE[code];
    }

    /** Written to state; never changed. */
    int code() {
        return switch (this) {
            case NONE -> 0;
            case BUY -> 1;
            case SELL -> 2;
        };
    }

    /** The side that an order of this direction opens. */
    Side opens() {
        return this == BUY ? Side.LONG : Side.SHORT;
    }
}
