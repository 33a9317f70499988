package io.qaexchange.storage.compaction;

import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.encoding.JoinedValue;
import io.qaexchange.storage.iterator.InternalIterator;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.Slice;
import java.io.IOException;
import java.util.function.LongConsumer;
import java.util.Arrays;

/**
 * Entries that stay of merged ones: for every reader that there can be, now or at a pinned snapshot, the same answers from fewer entries.
 *
 * <p>Snapshots cut the sequence numbers into stripes; of a key, readers see at most the newest version of each stripe. So within a
 * stripe older versions go, and so do entries under a range deletion of the same stripe. Appended values are joined as far as a stripe
 * allows. A tombstone goes when it is in the oldest stripe and nothing older of its key can lie outside this compaction
 * ({@link Scope#isOldest}). Dropped (drop watermarks) and expired (time to live) entries go the same way.
 *
 * <p>Used by flushes and by compactions, so that there is one place where entries disappear. One thread.
 */
public final class RetainedEntries {
    /** Takes the entries that are left, in internal order. */
    @FunctionalInterface
    public interface Sink {
        /** Views, good during the call. */
        void accept(Slice key, long trailer, Slice value) throws IOException;
    }

    /**
     * Facts about the rest of the store that a compaction uses.
     *
     * @param snapshots pinned sequence numbers, ascending
     * @param rangeTombstones of the inputs and of everything newer
     * @param expiry what has outlived its time
     */
    public record Scope(FamilyOptions options, long[] snapshots, RangeTombstoneList rangeTombstones, DropWatermarkIndex dropWatermarks, Older older,
            Expiry expiry) {}

    /** Tells where older entries than the compaction's may lie. */
    @FunctionalInterface
    public interface Older {
        /** Whether no entry of the key, and no range that could hold it, is older than the inputs and outside them. */
        boolean isOldest(Slice key) throws IOException;
    }

    private static final int ENTRIES_BETWEEN_REPORTS = 1024;

    private final InternalIterator input;
    private final Scope scope;
    private final Sink sink;
    private final RangeTombstoneList.Cursor tombstones;

    private long entriesRead;
    private byte[] key = new byte[64];
    private int keyLength;
    private final Slice keyView = new Slice();
    private final Slice output = new Slice();
    private final JoinedValue joined = new JoinedValue();


    public RetainedEntries(InternalIterator input, Scope scope, Sink sink) {
        this.input = input;
        this.scope = scope;
        this.sink = sink;
        tombstones = scope.rangeTombstones().isEmpty() ? null : scope.rangeTombstones().cursor();
    }

    /** Works through the input, from where it stands to its end. */
    public void run() throws IOException {
        run(read -> {});
    }

    /** @param progress is told now and then how many entries are read */
    public void run(LongConsumer progress) throws IOException {
        long told = 0;
        while (input.valid()) {
            runKey();
            if (entriesRead - told >= ENTRIES_BETWEEN_REPORTS) {
                told = entriesRead;
                progress.accept(told);
            }
        }
    }

    /** Entries of the input that are worked through. */
    public long entriesRead() {
        return entriesRead;
    }

    /** Works through one key's versions, newest first; the input then stands on the next key. */
    public void runKey() throws IOException {
        rememberKey();
        long ownStripe = -1;
        while (sameKey()) {
            long sequence = Trailer.sequence(input.trailer());
            long stripe = stripe(sequence);
            if (stripe == ownStripe || isGone(sequence, stripe)) {
                skip();
                continue;
            }
            ownStripe = stripe;
            int kind = effectiveKind();
            switch (kind) {
                case ValueKind.PUT -> {
                    emitUnexpired(sequence, stripe, ValueKind.PUT, input.value());
                    skip();
                }
                case ValueKind.DELETE -> {
                    emitTombstone(sequence, stripe);
                    skip();
                }
                default -> joinAppends(sequence, stripe);
            }
        }
    }

    /** A value that has outlived its time is a tombstone. */
    private int effectiveKind() {
        int kind = Trailer.kind(input.trailer());
        return kind == ValueKind.PUT && scope.expiry().isExpired(input.value()) ? ValueKind.DELETE : kind;
    }

    private void rememberKey() {
        Slice from = input.key();
        if (key.length < from.length()) {
            key = new byte[Math.max(from.length(), key.length * 2)];
        }
        keyLength = from.length();
        from.copyTo(key, 0);
        keyView.wrap(key, 0, keyLength);
    }

    private boolean sameKey() {
        return input.valid() && input.key().contentEquals(keyView);
    }

    private void skip() throws IOException {
        entriesRead++;
        input.next();
    }

    /** Joins the appends of one stripe, down to the value or tombstone below them, or to the stripe's or the key's end. */
    private void joinAppends(long newestSequence, long stripe) throws IOException {
        int delimiter = scope.options().appendDelimiter();
        joined.begin(input.value());
        skip();
        boolean grounded = false;
        boolean reachedOtherStripe = false;
        while (sameKey() && !grounded) {
            long sequence = Trailer.sequence(input.trailer());
            if (stripe(sequence) != stripe) {
                reachedOtherStripe = true;
                break;
            }
            int kind = Trailer.kind(input.trailer());
            if (isGone(sequence, stripe) || kind == ValueKind.DELETE) {
                grounded = true;
            } else {
                joined.prepend(input.value(), delimiter);
                grounded = kind == ValueKind.PUT;
            }
            skip();
        }
        boolean nothingBelow = !grounded && !reachedOtherStripe && scope.older().isOldest(keyView);
        int kind = grounded || nothingBelow ? ValueKind.PUT : ValueKind.APPEND;
        joined.show(output);
        emitUnexpired(newestSequence, stripe, kind, output);
    }

    /**
     * The part of a value that has not expired; the value may have been appended to. Parts that a snapshot shows stay as they are. An
     * appended part of which nothing is left says nothing about the entries below it.
     */
    private void emitUnexpired(long sequence, long stripe, int kind, Slice value) throws IOException {
        int expired = stripe == Trailer.MAX_SEQUENCE ? scope.expiry().expiredFront(value) : 0;
        if (expired == 0) {
            emit(Trailer.of(sequence, kind), value);
        } else if (expired < value.length()) {
            emit(Trailer.of(sequence, kind), value.subslice(expired, value.length() - expired));
        } else if (kind == ValueKind.PUT) {
            emitTombstone(sequence, stripe);
        }
    }

    private void emitTombstone(long sequence, long stripe) throws IOException {
        if (!(stripe == oldestStripe() && scope.older().isOldest(keyView))) {
            emit(Trailer.of(sequence, ValueKind.DELETE), output.clear());
        }
    }

    /** Whether a range deletion or a drop watermark of the same or an older stripe hides an entry from everyone who could see it. */
    private boolean isGone(long sequence, long stripe) {
        if (tombstones != null) {
            // The newest deletion that readers of this stripe see.
            long covering = tombstones.newestCovering(keyView, stripe);
            if (covering > sequence) {
                return true;
            }
        }
        return !scope.dropWatermarks().isEmpty() && scope.dropWatermarks().hides(keyView, oldestStripe());
    }

    private void emit(long trailer, Slice value) throws IOException {
        sink.accept(keyView, trailer, value);
    }

    /** The stripe of a sequence number: the smallest snapshot that sees it, or "now". */
    private long stripe(long sequence) {
        long[] snapshots = scope.snapshots();
        if (snapshots.length == 0) {
            return Trailer.MAX_SEQUENCE;
        }
        int at = Arrays.binarySearch(snapshots, sequence);
        int index = at >= 0 ? at : -at - 1;
        return index < snapshots.length ? snapshots[index] : Trailer.MAX_SEQUENCE;
    }

    private long oldestStripe() {
        return scope.snapshots().length > 0 ? scope.snapshots()[0] : Trailer.MAX_SEQUENCE;
    }
}
