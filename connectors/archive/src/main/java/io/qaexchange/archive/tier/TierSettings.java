package io.qaexchange.archive.tier;

import java.nio.file.Path;

/**
 * Settings of the cache of this process: system properties, which the commands' options set, or environment variables.
 *
 * <p>Thread-safe.
 */
public final class TierSettings {

    /** System property: folder of the cache. */
    public static final String FOLDER = "qaexchange.tier.cache.dir";
    /** System property: bytes of the cache. */
    public static final String BYTES = "qaexchange.tier.cache.bytes";
    /** Bytes of the cache if nothing is said. */
    public static final long DEFAULT_BYTES = 10L << 30;

    private static TierCache cache;

    private TierSettings() {
    }

    /** The cache of this process. */
    public static synchronized TierCache cache() {
        if (cache == null) {
            cache = new TierCache(folder(), Long.getLong(BYTES, DEFAULT_BYTES));
        }
        return cache;
    }

    /** Folder of the cache, an absolute path: of its own for each user of the machine. */
    public static Path folder() {
        String set = System.getProperty(FOLDER);
        return Path.of(set != null ? set : System.getProperty("java.io.tmpdir") + "/qaexchange-tier-cache-" + System.getProperty("user.name"))
                .toAbsolutePath().normalize();
    }

    /** Takes the settings anew for files that are opened from here on. */
    public static synchronized void reset() {
        cache = null;
    }
}
