package io.qaexchange.job.model.book;

/** The two sides of a position. */
public enum Side {
    LONG, SHORT;

    Side other() {
        return this == LONG ? SHORT : LONG;
    }
}
