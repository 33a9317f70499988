package io.qaexchange.job.stream.live;

import io.qaexchange.events.EventKey;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.live.BoundaryView;
import io.qaexchange.job.model.live.LiveRequest;
import io.qaexchange.job.model.store.EventStoreState;
import io.qaexchange.job.model.store.HotColdBoundary;
import io.qaexchange.job.model.store.LateKey;
import io.qaexchange.job.model.store.StoredBytesSerializer;
import io.qaexchange.job.model.store.StoredKey;
import io.qaexchange.state.StateReadSession;
import io.qaexchange.state.StoredBlock;
import io.qaexchange.state.StoredRange;
import io.qaexchange.state.StoredScan;
import io.qaexchange.storage.key.TimeRange;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.types.StringValue;

/**
 * The hot rows of a pin, of one record type, in blocks: first the rows of {@code events}, in the order of their keys, then those of
 * {@code late}.
 *
 * <p>Rows are passed on as they are stored; only rows below the archive watermark of their instrument are decoded, for their trading day.
 *
 * <p>One thread.
 */
final class HotRowScan {

    private static final int VALUE_HEAD = StoredBytesSerializer.MAP_VALUE_HEAD;
    private static final int BUCKET_BYTES = Long.BYTES;
    private static final int BLOCK_BYTES = 1 << 18;
    /** From so many rows on, blocks are filled whatever the number of rows that are wanted. */
    private static final long MOST_COUNTED = 1 << 12;
    /** Bits by which a block may be larger than the one before, and than the first one. */
    private static final int GROWTH = 3;
    private static final int FASTEST_GROWTH = 30;

    /** Takes a row; the bytes are good during the call. */
    @FunctionalInterface
    interface Rows {
        void accept(byte[] bytes, int offset, int length) throws IOException;
    }

    private final StateReadSession<String> session;
    private final BoundaryView view;
    private final LiveRequest.Scan request;
    private final Instruments instruments;
    private final int keyGroupBytes;
    /** Empty if all rows are wanted. */
    private final byte[] containing;
    private final StoredBlock block = new StoredBlock(BLOCK_BYTES);
    private final StoredEvent row = new StoredEvent();
    private final DataInputDeserializer input = new DataInputDeserializer();

    private StoredScan scan;
    private boolean late;
    /** Event time of the newest row that was passed on, by route key, where one of each is wanted; else null. */
    @Nullable
    private final Map<String, Long> newest;
    /** Route keys whose late rows are to be read one after the other; null if they are read together. */
    @Nullable
    private Deque<String> lateKeys;
    private long left;
    private int blocks;
    /** Times of late rows that are wanted: fewer than those of the request once the first rows are known. */
    private long lateFromNs;
    private long lateToNs;
    private boolean ended;
    /** Key group and route key of the rows that are read, as stored. */
    private byte[] head = new byte[0];
    private HotColdBoundary boundary;

    HotRowScan(HotRowService.Pinned pinned, LiveRequest.Scan request, Instruments instruments, int keyGroupBytes) throws IOException {
        this.session = pinned.session();
        this.view = pinned.view();
        this.request = request;
        this.instruments = instruments;
        this.keyGroupBytes = keyGroupBytes;
        this.containing = request.containing() == null ? new byte[0] : request.containing().getBytes(StandardCharsets.UTF_8);
        this.left = request.limit();
        this.lateFromNs = request.fromNs();
        this.lateToNs = request.toNs();
        this.newest = request.descending() && request.mostPerKey() == 1 ? new HashMap<>() : null;
        this.scan = events();
    }

    private StoredScan events() throws IOException {
        StoredKey lower = StoredKey.lowest(request.recordCode(), Math.max(0, request.fromNs()));
        StoredKey upper = request.toNs() == Long.MAX_VALUE ? StoredKey.lowest(request.recordCode() + 1, 0)
                : StoredKey.lowest(request.recordCode(), Math.max(0, request.toNs()));
        if (request.routeKey() != null) {
            StoredRange range = order(StoredRange.of(session.storedRowsOf(EventStoreState.EVENTS, request.routeKey(), lower, upper)));
            return session.scan(EventStoreState.EVENTS, range.limitedTo(request.mostPerKey()));
        }
        return session.scanEachKey(EventStoreState.EVENTS, order(StoredRange.ALL), lower, upper, request.mostPerKey());
    }

    /**
     * Late rows; of other times than the wanted ones no block is read. Where the newest row of each key is wanted, those matter that are not older than the one of
     * {@code events}.
     *
     * @return null if there are no more
     */
    @Nullable
    private StoredScan late() throws IOException {
        if (newest == null) {
            return late ? null : lateOf(request.routeKey(), lateFromNs);
        }
        if (lateKeys == null) {
            lateKeys = request.routeKey() == null ? keysWithLateRows() : new ArrayDeque<>(List.of(request.routeKey()));
        }
        String key = lateKeys.poll();
        return key == null ? null : lateOf(key, newest.getOrDefault(key, request.fromNs()));
    }

    private StoredScan lateOf(@Nullable String routeKey, long fromNs) throws IOException {
        StoredRange range = routeKey == null ? StoredRange.ALL : StoredRange.of(session.storedKeysOf(EventStoreState.LATE, routeKey));
        return session.scan(EventStoreState.LATE, order(range.at(new TimeRange(fromNs, lateToNs))));
    }

    private Deque<String> keysWithLateRows() throws IOException {
        Deque<String> keys = new ArrayDeque<>();
        StoredScan first = session.scanEachKey(EventStoreState.LATE, StoredRange.ALL, (LateKey) null, null, 1);
        while (first.fill(block)) {
            for (int i = 0; i < block.count(); i++) {
                keys.add(routeKey(block.bytes(), block.keyBegin(i), block.valueBegin(i) - HotRowService.rowKeyBytes(true) - BUCKET_BYTES));
            }
        }
        return keys;
    }

    private StoredRange order(StoredRange range) {
        return request.descending() ? range.reversed() : range;
    }

    /**
     * Reads the next block.
     *
     * @return false if there is none
     */
    boolean next(Rows target) throws IOException {
        while (!ended && (left > 0 || request.withTies())) {
            if (!scan.fill(block, enough())) {
                goOnWithLate();
            } else {
                pass(target);
                return true;
            }
        }
        return false;
    }

    /** Passes the wanted rows of the block on. */
    private void pass(Rows target) throws IOException {
        for (int i = 0; i < block.count(); i++) {
            if (left <= 0 && !request.withTies()) {
                return;
            }
            if (isWanted(i)) {
                if (left <= 0 && !late && isBehindTies(eventTime(i))) {
                    goOnWithLate();
                    return;
                }
                left--;
                note(i);
                target.accept(block.bytes(), block.valueBegin(i) + VALUE_HEAD, block.valueEnd(i) - block.valueBegin(i) - VALUE_HEAD);
            }
        }
    }

    /** Whether a row of {@code events} comes after all that share the time of the last that counts. */
    private boolean isBehindTies(long eventTimeNs) {
        return request.descending() ? eventTimeNs < lateFromNs : eventTimeNs >= lateToNs;
    }

    private void goOnWithLate() throws IOException {
        StoredScan further = late();
        ended = further == null;
        if (!ended) {
            late = true;
            head = new byte[0];
            scan = further;
        }
    }

    private long eventTime(int entry) {
        int rowBegin = block.valueBegin(entry) - HotRowService.rowKeyBytes(late);
        return EventKey.eventTime(block.bytes(), late ? rowBegin + Integer.BYTES : rowBegin);
    }

    private void note(int entry) throws IOException {
        if (request.withTies() && !late && left == 0) {
            long lastNs = eventTime(entry);
            lateFromNs = request.descending() ? lastNs : lateFromNs;
            lateToNs = request.descending() ? lateToNs : lastNs + 1;
        }
        if (newest != null && !late) {
            int row = block.valueBegin(entry) - HotRowService.rowKeyBytes(false);
            newest.merge(routeKey(block.bytes(), block.keyBegin(entry), row - BUCKET_BYTES), EventKey.eventTime(block.bytes(), row), Math::max);
        }
    }

    /** The rows that are wanted, and more each time that some of them were not: each block opens the files anew. */
    private long enough() {
        long most = containing.length > 0 || left > MOST_COUNTED ? Long.MAX_VALUE : Math.max(1, left) << Math.min(FASTEST_GROWTH, GROWTH * blocks);
        blocks++;
        return most;
    }

    private boolean isWanted(int entry) throws IOException {
        byte[] bytes = block.bytes();
        int keyBegin = block.keyBegin(entry);
        int rowBegin = block.valueBegin(entry) - HotRowService.rowKeyBytes(late);
        int eventKey = late ? rowBegin + Integer.BYTES : rowBegin;
        int code = bytes[eventKey];
        long eventTimeNs = eventTime(entry);
        if (late && (code != request.recordCode() || eventTimeNs < lateFromNs || eventTimeNs >= lateToNs)) {
            return false;
        }
        if (containing.length > 0 && !contains(bytes, block.valueBegin(entry) + VALUE_HEAD, block.valueEnd(entry))) {
            return false;
        }
        if (request.published() == null) {
            return true;
        }
        enter(bytes, keyBegin, rowBegin - BUCKET_BYTES);
        if (!late) {
            return !boundary.isLate(eventTimeNs) || boundary.isHotEvent(code, tradingDay(entry), eventTimeNs, request.published());
        }
        LateKeyView at = new LateKeyView(bytes, rowBegin);
        return at.generation() >= boundary.lateGeneration()
                || boundary.isHotLate(at.generation(), code, tradingDay(entry), request.published());
    }

    private boolean contains(byte[] bytes, int from, int to) {
        for (int at = from; at <= to - containing.length; at++) {
            if (bytes[at] == containing[0] && Arrays.equals(bytes, at, at + containing.length, containing, 0, containing.length)) {
                return true;
            }
        }
        return false;
    }

    /** The generation of a stored {@link LateKey}. */
    private record LateKeyView(byte[] bytes, int offset) {
        int generation() {
            return (bytes[offset] & 0xff) << 24 | (bytes[offset + 1] & 0xff) << 16 | (bytes[offset + 2] & 0xff) << 8 | bytes[offset + 3] & 0xff;
        }
    }

    /** Finds the boundary of the route key, if it is another one than that of the row before. */
    private void enter(byte[] bytes, int begin, int end) throws IOException {
        if (Arrays.equals(head, 0, head.length, bytes, begin, end)) {
            return;
        }
        head = Arrays.copyOfRange(bytes, begin, end);
        boundary = view.of(routeKey(bytes, begin, end));
    }

    /** The route key behind the key group. */
    private String routeKey(byte[] bytes, int begin, int end) throws IOException {
        input.setBuffer(bytes, begin + keyGroupBytes, end - begin - keyGroupBytes);
        return StringValue.readString(input);
    }

    private int tradingDay(int entry) {
        int from = block.valueBegin(entry) + VALUE_HEAD;
        return HotRowService.tradingDay(instruments, row.wrap(block.bytes(), from, block.valueEnd(entry) - from));
    }
}
