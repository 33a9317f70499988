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
    private boolean newestWins;
    private long newest;

    /** @param coveredBelow entries with a smaller sequence number lie under a range deletion */
    void begin(long coveredBelow, int delimiter) {
        this.coveredBelow = coveredBelow;
        this.delimiter = delimiter;
        done = false;
        found = false;
        joining = false;
        newestWins = false;
        newest = 0;
        value.clear();
    }

    /** From now on sources come in no order of age: of all versions met, the newest counts. Not for families that append. */
    void takeNewest() {
        newestWins = true;
    }

    /** The newest version met so far; sources that hold nothing newer need not be asked. */
    long newestSequence() {
        return newest;
    }

    @Override
    public boolean accept(long trailer, Slice entry) {
        if (newestWins) {
            acceptNewest(trailer, entry);
            return false;
        }
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

    private void acceptNewest(long trailer, Slice entry) {
        long sequence = Trailer.sequence(trailer);
        if (sequence > newest) {
            newest = sequence;
            found = Trailer.kind(trailer) == ValueKind.PUT && sequence >= coveredBelow;
            value.wrap(entry);
        }
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
