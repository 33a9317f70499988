package io.qaexchange.storage.cache;

import io.qaexchange.storage.memory.Memory;
import java.util.function.LongSupplier;

/**
 * When to ask whether a mapped block is in memory, before it is read where it lies. Reading one that is not waits for the disk, and brings everything into memory that the
 * operating system reads around it, up to megabytes, in place of what others need. Asking is a system call. So as long as all
 * seems to be there, one read in {@value #SAMPLED} is timed. Once one took long, which may have had another cause, the next {@value #SUSPICIOUS} ask; once a block was not
 * there, the next {@value #ALERT}.
 *
 * <p>Any thread. Several count without order: what is lost changes when the next one asks.
 */
public final class MappedPages {
    /** A power of two. */
    private static final int SAMPLED = 32;
    private static final int SUSPICIOUS = 64;
    private static final int ALERT = 8_192;
    /** The fastest disks take longer, a page that only has to be mapped takes less. */
    private static final long WAIT_NANOS = 20_000;

    private final LongSupplier nanoClock;
    /** Reads to come that ask. */
    private int asking;
    /** Keeps the looks of {@link #touch} from being left out. */
    private int seen;

    MappedPages(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /**
     * Whether a mapped block may be read without more ado.
     *
     * @param read number of this read among those of its file
     */
    public boolean areTrusted(int read) {
        return asking == 0 && (read & SAMPLED - 1) != 0;
    }

    /**
     * Whether a block was not in memory, or seemed not to be, a moment ago: then ask before reading one where it is mapped. Counts as one read, since suspicion ends after a
     * number of reads.
     */
    public boolean areScarce() {
        int left = asking;
        if (left == 0) {
            return false;
        }
        asking = left - 1;
        return true;
    }

    /** A block was not in memory. */
    public void missed() {
        asking = ALERT;
    }

    /** Looks at the beginning of a mapped block about which nobody asked, and notes whether it had to wait. */
    public void touch(Object base, long address) {
        long begin = nanoClock.getAsLong();
        seen = Memory.getByte(base, address);
        if (nanoClock.getAsLong() - begin > WAIT_NANOS) {
            asking = SUSPICIOUS;
        }
    }
}
