package io.qaexchange.storage;

/** How the sstables of a family are merged. The codes are on disk. */
public enum CompactionStyle {
    /** Levels of sorted, disjoint files, each ten times larger than the one above: for state that is overwritten. */
    LEVELED(0),
    /** Files by window of event time, which stands in the key: data that comes in order is written once. For event logs. */
    TIME_WINDOW(1);

    private final int code;

    CompactionStyle(int code) {
        this.code = code;
    }

    public int code() {
        return code;
    }

    /** Null when no style has this code. */
    public static CompactionStyle ofCode(int code) {
        for (CompactionStyle style : values()) {
            if (style.code == code) {
                return style;
            }
        }
        return null;
    }
}
