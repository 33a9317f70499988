package io.qaexchange.storage.cache;

/**
 * Counters of a {@link BlockCache} since it was made. Immutable.
 *
 * @param hits look-ups that found the block
 * @param misses look-ups that did not
 * @param inserts blocks that were taken in
 * @param evictions blocks that made room for others
 * @param refusals blocks that found no room and were read for one use
 * @param blocks blocks in the cache now
 * @param usedBytes memory in use now, pinned blocks that already left the table not counted
 * @param capacityBytes most memory that may be in use
 */
public record CacheStatistics(long hits, long misses, long inserts, long evictions, long refusals, long blocks, long usedBytes,
        long capacityBytes) {}
