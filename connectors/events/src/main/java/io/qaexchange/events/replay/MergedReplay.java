package io.qaexchange.events.replay;

import io.qaexchange.events.EventView;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.PriorityQueue;

/**
 * Merges several recorded files by event time. Each file keeps its own order: a line that is earlier than the line above it follows that
 * line directly. Bad lines are returned as soon as they are met. One thread.
 */
final class MergedReplay implements ReplayReader {

    private final List<ReplayReader> readers;
    private final PriorityQueue<Head> heads = new PriorityQueue<>(Comparator.comparingLong(Head::order).thenComparingInt(Head::file));
    private final EventView view = new EventView();

    /** The next item of a file; bad lines come first. */
    private record Head(long order, int file, ReplayItem item) {
    }

    private MergedReplay(List<ReplayReader> readers) {
        this.readers = readers;
    }

    /** Takes over the readers; they are closed with the result. */
    static MergedReplay of(List<ReplayReader> readers) {
        MergedReplay merged = new MergedReplay(new ArrayList<>(readers));
        for (int file = 0; file < readers.size(); file++) {
            merged.advance(file);
        }
        return merged;
    }

    private void advance(int file) {
        ReplayReader reader = readers.get(file);
        if (reader.hasNext()) {
            ReplayItem item = reader.next();
            long order = item instanceof ReplayItem.Event event ? view.wrap(event.event()).eventTime() : Long.MIN_VALUE;
            heads.add(new Head(order, file, item));
        }
    }

    @Override
    public boolean hasNext() {
        return !heads.isEmpty();
    }

    @Override
    public ReplayItem next() {
        Head head = heads.poll();
        if (head == null) {
            throw new NoSuchElementException("the files have no more lines");
        }
        advance(head.file());
        return head.item();
    }

    @Override
    public long unknownKeys() {
        return readers.stream().mapToLong(ReplayReader::unknownKeys).sum();
    }

    @Override
    public void close() {
        ReplayException failure = null;
        for (ReplayReader reader : readers) {
            try {
                reader.close();
            } catch (ReplayException e) {
                failure = e;
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
