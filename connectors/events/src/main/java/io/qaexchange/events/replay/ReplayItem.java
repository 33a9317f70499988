package io.qaexchange.events.replay;

import io.qaexchange.events.Rejection;

/** Result of reading a line of a recorded file. */
public sealed interface ReplayItem {

    /** Name of the file, without folder. */
    String file();

    /** Number of the line, from 1. */
    long line();

    /**
     * An event.
     *
     * @param event canonical bytes
     */
    record Event(String file, long line, byte[] event) implements ReplayItem {
    }

    /** A line that is no event, with the reason. */
    record BadLine(String file, long line, Rejection rejection) implements ReplayItem {

        @Override
        public String toString() {
            return file + " line " + line + ": " + rejection;
        }
    }
}
