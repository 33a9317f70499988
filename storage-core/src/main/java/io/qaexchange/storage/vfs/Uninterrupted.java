package io.qaexchange.storage.vfs;

import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;

/**
 * Runs a piece of channel work to its end although the thread is interrupted, before or meanwhile; the thread stays interrupted.
 * Stateless.
 */
final class Uninterrupted {
    /** Opens its own channel, so that it can be run again from the beginning. */
    interface Work<T> {
        T run() throws IOException;
    }

    private Uninterrupted() {}

    static <T> T run(Work<T> work) throws IOException {
        boolean interrupted = Thread.interrupted();
        try {
            while (true) {
                try {
                    return work.run();
                } catch (ClosedByInterruptException e) {
                    interrupted |= Thread.interrupted();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
