package io.qaexchange.storage.engine;

import io.qaexchange.storage.engine.ReadView.ViewFile;
import io.qaexchange.storage.engine.VisibleIterator.Bounds;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.iterator.MergingIterator;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.EventTime;
import io.qaexchange.storage.sstable.SstableMetadata;
import java.io.IOException;
import java.util.Arrays;

/**
 * The files of a scan whose keys all have one length and an event time. A scan from (prefix, time, …) on needs at once only those whose times hold the time.
 * One that begins later has nothing before (prefix, its first time). One that ends before has nothing among the keys with this prefix.
 *
 * <p>One thread.
 */
final class TimedReserve implements MergingIterator.Reserve {
    private final TimeFences fences;
    private final Walkers walkers;
    /** How many bytes of a key stand before its time. */
    private final int prefixBytes;
    private final boolean[] released;

    private Bounds bounds;
    private byte[] target = new byte[0];
    private long targetTrailer;
    private Step step = Step.DONE;
    /** The file that is released next. */
    private int next;
    /** The last file that begins at the target's time or before it. */
    private int last;
    private long time;
    private final Slice boundView = new Slice();
    private final byte[] boundBytes;
    private final Slice upper = new Slice();

    private enum Step {
        /** Every file, as the target says nothing of them. */
        ALL,
        HOLDS_TIME, BEGINS_LATER, ENDED_BEFORE, DONE
    }

    /** Opens files. */
    @FunctionalInterface
    interface Walkers {
        InternalIterator confined(ViewFile file, int i, Bounds bounds) throws IOException;
    }

    /** @param fences at least one file */
    TimedReserve(TimeFences fences, Walkers walkers, int eventTimeFromEnd) {
        this.fences = fences;
        this.walkers = walkers;
        released = new boolean[fences.size()];
        int keyLength = fences.file(0).reference().table().keyLength();
        prefixBytes = keyLength - eventTimeFromEnd;
        boundBytes = new byte[keyLength];
    }

    /** Whether the times of a file say where its keys are. */
    static boolean takes(SstableMetadata table, int eventTimeFromEnd) {
        return table.hasEventTimes() && table.keyLength() > 0 && EventTime.isPresent(table.keyLength(), eventTimeFromEnd);
    }

    void confine(Bounds wanted) {
        bounds = wanted;
    }

    @Override
    public void reset() {
        Arrays.fill(released, false);
        step = Step.DONE;
    }

    @Override
    public void seek(Slice to, long trailer) {
        if (target.length != to.length()) {
            target = new byte[to.length()];
        }
        to.copyTo(target, 0);
        targetTrailer = trailer;
        boundView.wrap(target);
        if (trailer != Trailer.NEWEST || target.length != boundBytes.length) {
            last = fences.size() - 1;
            step = Step.ALL;
        } else {
            time = EventTime.of(target, Memory.ARRAY_BASE, target.length, target.length - prefixBytes);
            last = fences.last(time);
            step = Step.HOLDS_TIME;
        }
        next = last;
        findNext();
    }

    private void findNext() {
        while (step != Step.DONE) {
            switch (step) {
                case ALL -> {
                    for (; next >= 0; next--) {
                        if (takesPart(next)) {
                            return;
                        }
                    }
                    step = Step.DONE;
                }
                case HOLDS_TIME -> {
                    for (; fences.reaches(next, time); next--) {
                        if (fences.holds(next, time) && takesPart(next)) {
                            return;
                        }
                    }
                    step = Step.BEGINS_LATER;
                    next = last + 1;
                }
                case BEGINS_LATER -> {
                    for (; next < fences.size(); next++) {
                        if (takesPart(next)) {
                            step = isBeforeUpper(boundOfLater()) ? step : Step.DONE;
                            return;
                        }
                    }
                    next = last;
                    step = last >= 0 && boundBehindPrefix() && isBeforeUpper(boundView) ? Step.ENDED_BEFORE : Step.DONE;
                }
                case ENDED_BEFORE -> {
                    for (; next >= 0; next--) {
                        if (!fences.holds(next, time) && takesPart(next)) {
                            return;
                        }
                    }
                    step = Step.DONE;
                }
                default -> throw new IllegalStateException(step.name());
            }
        }
    }

    private boolean takesPart(int i) {
        return !released[i] && bounds.times().meets(fences.start(i), fences.end(i)) && fences.file(i).reference().overlaps(bounds.keys());
    }

    private Slice boundOfLater() {
        System.arraycopy(target, 0, boundBytes, 0, prefixBytes);
        Memory.putLong(boundBytes, Memory.ARRAY_BASE + prefixBytes, Long.reverseBytes(fences.start(next) ^ Long.MIN_VALUE));
        return boundView.wrap(boundBytes, 0, prefixBytes + Long.BYTES);
    }

    /** @return false if no key lies behind those with this prefix */
    private boolean boundBehindPrefix() {
        System.arraycopy(target, 0, boundBytes, 0, prefixBytes);
        for (int at = prefixBytes - 1; at >= 0; at--) {
            if (++boundBytes[at] != 0) {
                boundView.wrap(boundBytes, 0, at + 1);
                return true;
            }
        }
        return false;
    }

    private boolean isBeforeUpper(Slice key) {
        KeyRange keys = bounds.keys();
        return keys.upper() == null || key.compareTo(upper.wrap(keys.upper())) < 0;
    }

    @Override
    public Slice bound() {
        return step == Step.DONE ? null : boundView;
    }

    @Override
    public void release(MergingIterator to) throws IOException {
        InternalIterator walker = takeOut(next, to);
        walker.seek(boundView, targetTrailer);
        findNext();
    }

    private InternalIterator takeOut(int i, MergingIterator to) throws IOException {
        ViewFile file = fences.file(i);
        InternalIterator walker = walkers.confined(file, i, bounds);
        released[i] = true;
        to.add(walker, file.reference().table().largestSequence());
        return walker;
    }

    @Override
    public void releaseAll(MergingIterator to) throws IOException {
        for (int i = 0; i < fences.size(); i++) {
            if (takesPart(i)) {
                takeOut(i, to);
            }
        }
        step = Step.DONE;
    }
}
