package io.qaexchange.job.query.audit;

import io.qaexchange.events.EventKey;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import java.nio.charset.StandardCharsets;

/**
 * Hashes of an event: of its identity (128 bits) and of its content (64 bits). The content is every column of its table with the
 * source, sequence and trading day that count, so that an event and the row made of it have the same hash.
 *
 * <p>Hold the result until the next call. One thread.
 */
final class RowDigest {

    private static final long GOLDEN = 0x9e3779b97f4a7c15L;
    private static final long ABSENT = 0x5bd1e9955bd1e995L;

    private long identityHigh;
    private long identityLow;
    private long content;

    /**
     * Hashes an event.
     *
     * @param source the source that counts
     * @param sequence the sequence that counts
     * @param tradingDay the trading day that counts, yyyymmdd
     */
    RowDigest of(EventView event, String source, long sequence, int tradingDay) {
        RecordType type = event.recordType();
        byte[] sourceBytes = source.getBytes(StandardCharsets.UTF_8);
        long sourceHash = EventKey.hash(sourceBytes, 0, sourceBytes.length);
        byte[] route = event.routeKey().getBytes(StandardCharsets.UTF_8);
        long routeHash = EventKey.hash(route, 0, route.length);
        identityHigh = mix(mix(mix(mix(type.code(), event.eventTime()), sourceHash), sequence), routeHash);
        identityLow = mix(mix(mix(mix(routeHash, sequence), sourceHash), event.eventTime()), ~(long) type.code());
        long sum = type.code();
        for (Field field : type.fields()) {
            sum += mix(field.id() * GOLDEN, valueHash(event, field, sourceHash, sequence, tradingDay));
        }
        content = sum;
        return this;
    }

    long identityHigh() {
        return identityHigh;
    }

    long identityLow() {
        return identityLow;
    }

    long content() {
        return content;
    }

    private static long valueHash(EventView event, Field field, long sourceHash, long sequence, int tradingDay) {
        RecordType type = field.recordType();
        if (field == type.source()) {
            return sourceHash;
        }
        if (field == type.sequence()) {
            return sequence;
        }
        if (field == type.tradingDay()) {
            return tradingDay;
        }
        if (event.isNull(field)) {
            return ABSENT;
        }
        return switch (field.kind()) {
            case LONG, INT -> event.getLong(field);
            case DOUBLE -> Double.doubleToRawLongBits(event.getDouble(field));
            case ENUM -> event.getEnumCode(field);
            case STRING -> EventKey.hash(event.array(), event.textOffset(field), event.textLength(field));
            case LEVELS -> levelsHash(event, field);
        };
    }

    private static long levelsHash(EventView event, Field field) {
        long hash = event.levelCount(field);
        for (int level = 0; level < event.levelCount(field); level++) {
            hash = mix(mix(hash, Double.doubleToRawLongBits(event.levelPrice(field, level))),
                    Double.doubleToRawLongBits(event.levelVolume(field, level)));
        }
        return hash;
    }

    private static long mix(long hash, long value) {
        long x = (hash ^ value) * 0xff51afd7ed558ccdL + GOLDEN;
        x = (x ^ x >>> 32) * 0xc4ceb9fe1a85ec53L;
        return x ^ x >>> 29;
    }
}
