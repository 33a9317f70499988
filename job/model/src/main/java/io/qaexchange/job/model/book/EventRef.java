package io.qaexchange.job.model.book;

/**
 * The identity of an event, as it stands in tables.
 *
 * @param source who numbered it; {@code topic-partition} if nobody did
 * @param sequence its number there, or the offset
 */
public record EventRef(String source, long sequence) {
}
