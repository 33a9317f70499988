package io.qaexchange.storage.checkpoint;

import java.io.IOException;

/** A part of a job that may be done on another thread than the others. */
@FunctionalInterface
public interface JobPart {
    void run() throws IOException;
}
