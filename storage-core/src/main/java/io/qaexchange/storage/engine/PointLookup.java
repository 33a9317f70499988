package io.qaexchange.storage.engine;

import io.qaexchange.storage.encoding.JoinedValue;
import io.qaexchange.storage.iterator.EntrySink;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.Slice;

/** Makes a key's value out of its versions, handed over newest first. Reused from read to read; one thread. */
final class PointLookup implements EntrySink {
    private final Slice value = new Slice();
    private final JoinedValue joined = new JoinedValue();
    private long coveredBelow;
    private int delimiter;
    private boolean done;
    private boolean found;
    private boolean joining;

    /** @param coveredBelow entries with a smaller sequence number lie under a range deletion */
    void begin(long coveredBelow, int delimiter) {
        this.coveredBelow = coveredBelow;
        this.delimiter = delimiter;
        done = false;
        found = false;
        joining = false;
        value.clear();
    }

    @Override
    public boolean accept(long trailer, Slice entry) {
        if (Trailer.sequence(trailer) < coveredBelow) {
            done = true;
            return false;
        }
        switch (Trailer.kind(trailer)) {
            case ValueKind.PUT -> {
                if (joining) {
                    joined.prepend(entry, delimiter);
                } else {
                    value.wrap(entry);
                }
                found = true;
                done = true;
            }
            case ValueKind.DELETE -> done = true;
            default -> {
                if (joining) {
                    joined.prepend(entry, delimiter);
                } else {
                    joined.begin(entry);
                    joining = true;
                    found = true;
                }
            }
        }
        return !done;
    }

    /** Whether older sources have nothing to add. */
    boolean isDone() {
        return done;
    }

    boolean finish() {
        if (joining) {
            joined.show(value);
        }
        return found;
    }

    Slice value() {
        return value;
    }
}
