package io.qaexchange.storage.iterator;

import io.qaexchange.storage.key.TimeRange;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/**
 * Merges sorted iterators into one. A heap holds the positioned children, the first entry (last, when walking backward) on top; of
 * equal entries, which only damage could make, the earlier child comes first.
 *
 * <p>Children that hold nothing near a place may wait in a {@link Reserve}: of hundreds of files that follow one another in time, a walk over a few rows
 * meets one or two.
 *
 * <p>Closes its children. One thread. May be used again and again with other children: {@link #clear}, {@link #add}.
 */
public final class MergingIterator extends InternalIterator {
    private InternalIterator[] children;
    /** The newest sequence number in each child: what a range tombstone must exceed to cover all of it. */
    private long[] maxSequences;
    private int[] heap;
    private int count;
    private int heapSize;
    private boolean forward = true;
    /** How many moves in a row the same child has been on top. */
    private int streak;
    /** Null if all children are known. */
    private Reserve reserve;
    /** The children before this one were added by the caller, the others came out of the reserve. */
    private int added;

    /** Children that are not needed yet. */
    public interface Reserve {
        /** Takes all children back. */
        void reset();

        /** After {@link #reset}: a walk forward from the first entry at or after (target, trailer) begins. */
        void seek(Slice target, long targetTrailer);

        /** No child that is left holds an entry of the walk before this key; null if none is needed any more. */
        Slice bound();

        /** Adds the child that {@link #bound} speaks of to a merge, standing on its first entry of the walk, or invalid. */
        void release(MergingIterator to) throws IOException;

        /** Adds all children that are left to a merge; none stands anywhere. */
        void releaseAll(MergingIterator to) throws IOException;
    }

    /** So many moves without a change on top are taken as a sign of a longer run. */
    private static final int STREAK = 4;

    /** Without children yet. @param expected how many there may be */
    public MergingIterator(int expected) {
        children = new InternalIterator[expected];
        maxSequences = new long[expected];
        heap = new int[expected];
    }

    /** @param maxSequences the newest sequence number that each child can hold */
    public static MergingIterator of(List<InternalIterator> children, List<Long> maxSequences) {
        MergingIterator merged = new MergingIterator(children.size());
        for (int i = 0; i < children.size(); i++) {
            merged.add(children.get(i), maxSequences.get(i));
        }
        return merged;
    }

    /** Adds a child, before the first positioning. @param maxSequence the newest sequence number that it can hold */
    public void add(InternalIterator child, long maxSequence) {
        if (count == children.length) {
            int capacity = Math.max(4, 2 * count);
            children = Arrays.copyOf(children, capacity);
            maxSequences = Arrays.copyOf(maxSequences, capacity);
            heap = Arrays.copyOf(heap, capacity);
        }
        children[count] = child;
        maxSequences[count++] = maxSequence;
    }

    /** Adds children that wait until they are needed, after all others were added. */
    public void addReserve(Reserve waiting) {
        reserve = waiting;
        added = count;
        reserve.reset();
    }

    /** Puts all children to rest and forgets them. */
    public void clear() {
        rest();
        Arrays.fill(children, 0, count, null);
        count = 0;
        reserve = null;
    }

    /** Sends children back to where they waited. */
    private void sendBack() {
        if (reserve != null) {
            for (int i = added; i < count; i++) {
                children[i].rest();
                children[i] = null;
            }
            count = added;
            reserve.reset();
        }
    }

    private void callAll() throws IOException {
        if (reserve != null) {
            reserve.releaseAll(this);
        }
    }

    @Override
    public void seekToFirst() throws IOException {
        callAll();
        for (int i = 0; i < count; i++) {
            children[i].seekToFirst();
        }
        rebuild(true);
    }

    /**
     * The first child, in the order in which they were added, that has any entry, standing on its first one; null if none has. The merge
     * itself stands nowhere then.
     */
    public InternalIterator firstToHoldAny() throws IOException {
        rest();
        callAll();
        for (int i = 0; i < count; i++) {
            children[i].seekToFirst();
            if (children[i].valid()) {
                return children[i];
            }
        }
        return null;
    }

    @Override
    public void seekToLast() throws IOException {
        callAll();
        for (int i = 0; i < count; i++) {
            children[i].seekToLast();
        }
        rebuild(false);
    }

    @Override
    public void seek(Slice target, long targetTrailer) throws IOException {
        sendBack();
        for (int i = 0; i < count; i++) {
            children[i].seek(target, targetTrailer);
        }
        if (reserve != null) {
            reserve.seek(target, targetTrailer);
        }
        rebuild(true);
    }

    @Override
    public void seekBefore(Slice target, long targetTrailer) throws IOException {
        callAll();
        for (int i = 0; i < count; i++) {
            children[i].seekBefore(target, targetTrailer);
        }
        rebuild(false);
    }

    @Override
    public void next() throws IOException {
        if (!forward) {
            turn(true);
        }
        children[heap[0]].next();
        topMoved();
    }

    @Override
    public void nextKey() throws IOException {
        if (!forward) {
            turn(true);
        }
        InternalIterator top = children[heap[0]];
        // Who else stands on the key stands right below the top of the heap, or below another one that does.
        while (heapSize > 1 && children[heap[1]].key().contentEquals(top.key())) {
            passTopKey(1);
        }
        while (heapSize > 2 && children[heap[2]].key().contentEquals(top.key())) {
            passTopKey(2);
        }
        top.nextKey();
        topMoved();
    }

    private void passTopKey(int at) throws IOException {
        InternalIterator child = children[heap[at]];
        child.nextKey();
        if (!child.valid()) {
            heap[at] = heap[--heapSize];
            if (at == heapSize) {
                return;
            }
        }
        siftDown(at);
    }

    @Override
    public void nextVisible(long visible) throws IOException {
        children[heap[0]].nextVisible(visible);
        topMoved();
    }

    @Override
    public void previous() throws IOException {
        if (forward) {
            turn(false);
        }
        children[heap[0]].previous();
        topMoved();
    }

    /** The run of the child on top, as far as it stays there. Where children take turns, no run is looked for. */
    @Override
    public int plainRun(Slice before, TimeRange times) throws IOException {
        if (heapSize > 1 && streak < STREAK || !forward || heapSize == 0) {
            return 0;
        }
        Slice limit = before;
        if (heapSize > 1) {
            int runnerUp = heapSize > 2 && comesBefore(heap[2], heap[1]) ? heap[2] : heap[1];
            Slice other = children[runnerUp].key();
            limit = limit == null || other.compareTo(limit) < 0 ? other : limit;
        }
        Slice waiting = reserve == null ? null : reserve.bound();
        limit = waiting != null && (limit == null || waiting.compareTo(limit) < 0) ? waiting : limit;
        return children[heap[0]].plainRun(limit, times);
    }

    /** The child that the current entry comes from. After a {@link #plainRun} of it is walked there, {@link #endRun} must follow. */
    public InternalIterator top() {
        return children[heap[0]];
    }

    /** The child on top was moved within a run that was promised: stands where it stands. */
    public void endRun() {
        show();
    }

    /** The newest sequence number in the child that the current entry comes from. */
    public long maxSequenceOfTop() {
        return maxSequences[heap[0]];
    }

    /** {@link #keyLength} of the child that the current entry comes from. */
    public int keyLengthOfTop() {
        return children[heap[0]].keyLength();
    }

    /** Moves only the child of the current entry, forward to a key; what it skips must not be wanted. */
    public void seekTop(Slice target) throws IOException {
        if (!forward) {
            throw new IllegalStateException("only while walking forward");
        }
        children[heap[0]].seek(target, Trailer.NEWEST);
        topMoved();
    }

    /** All children but the current one stand on the wrong side of it for the other direction: place them anew. */
    private void turn(boolean toForward) throws IOException {
        int current = heap[0];
        byte[] at = key.toByteArray();
        long atTrailer = trailer;
        Slice target = Slice.of(at);
        callAll();
        for (int i = 0; i < count; i++) {
            if (i == current) {
                continue;
            }
            if (toForward) {
                children[i].seek(target, atTrailer);
            } else {
                children[i].seekBefore(target, atTrailer);
            }
        }
        rebuild(toForward);
        if (heapSize == 0 || heap[0] != current) {
            throw new IllegalStateException("merge lost its place at " + target + Trailer.toString(atTrailer));
        }
    }

    private void rebuild(boolean toForward) throws IOException {
        forward = toForward;
        heapSize = 0;
        // Nothing is known of what lies here: a run is looked for at once.
        streak = STREAK;
        for (int i = 0; i < count; i++) {
            if (children[i].valid()) {
                heap[heapSize++] = i;
            }
        }
        for (int at = heapSize / 2 - 1; at >= 0; at--) {
            siftDown(at);
        }
        callNeeded();
        show();
    }

    /** A child that may hold an entry before the one on top, or the same key, may not wait any longer. */
    private void callNeeded() throws IOException {
        if (reserve == null || !forward) {
            return;
        }
        for (Slice bound = reserve.bound(); bound != null && (heapSize == 0 || children[heap[0]].key().compareTo(bound) >= 0); bound = reserve.bound()) {
            int next = count;
            reserve.release(this);
            if (children[next].valid()) {
                siftUp(next);
            }
        }
    }

    private void topMoved() throws IOException {
        int top = heap[0];
        if (!children[top].valid()) {
            heap[0] = heap[--heapSize];
        }
        // While the top stays before both children of the root, as it does along one source's run, nothing moves.
        if (heapSize > 1) {
            siftDown(0);
        }
        callNeeded();
        streak = heap[0] == top ? streak + 1 : 0;
        show();
    }

    private void show() {
        valid = heapSize > 0;
        if (valid) {
            InternalIterator top = children[heap[0]];
            key.wrap(top.key());
            value.wrap(top.value());
            trailer = top.trailer();
        }
    }

    private void siftDown(int from) {
        int child = heap[from];
        int at = from;
        while (true) {
            int below = 2 * at + 1;
            if (below >= heapSize) {
                break;
            }
            if (below + 1 < heapSize && comesBefore(heap[below + 1], heap[below])) {
                below++;
            }
            if (!comesBefore(heap[below], child)) {
                break;
            }
            heap[at] = heap[below];
            at = below;
        }
        heap[at] = child;
    }

    /** Puts a child that is not in the heap there. */
    private void siftUp(int child) {
        int at = heapSize++;
        while (at > 0) {
            int above = (at - 1) / 2;
            if (!comesBefore(child, heap[above])) {
                break;
            }
            heap[at] = heap[above];
            at = above;
        }
        heap[at] = child;
    }

    private boolean comesBefore(int a, int b) {
        InternalIterator left = children[a];
        InternalIterator right = children[b];
        int order = left.key().compareTo(right.key());
        if (order == 0) {
            order = Trailer.compare(left.trailer(), right.trailer());
        }
        if (order == 0) {
            return a < b;
        }
        return forward == order < 0;
    }

    @Override
    public void rest() {
        for (int i = 0; i < count; i++) {
            children[i].rest();
        }
        heapSize = 0;
        super.rest();
    }

    @Override
    public void close() {
        for (int i = 0; i < count; i++) {
            children[i].close();
        }
        heapSize = 0;
        super.rest();
    }
}
