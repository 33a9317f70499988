package io.qaexchange.storage.cache;

import io.qaexchange.storage.memory.Memory;
import java.util.function.LongSupplier;

/**
 * When to ask whether a mapped block is in memory, before it is read where it lies. Reading one that is not waits for the disk, and brings everything into memory that the
 * operating system reads around it, up to megabytes, in place of what others need. Asking costs some hundred nanoseconds, as much as a tenth of a read. So as long as all
 * seems to be there, one read in {@value #SAMPLED} is timed; once one had to wait, the next {@value #ALERT} ask.
 *
 * <p>Any thread. Several count without order: what is lost changes when the next one asks.
 */
public final class MappedPages {
    private static final int SAMPLED = 16;
    private static final int ALERT = 8_192;
    /** The fastest disks take longer, a page that only has to be mapped takes less. */
    private static final long WAIT_NANOS = 20_000;

    private final LongSupplier nanoClock;
    private int alert;
    /** Keeps the looks of {@link #touch} from being left out. */
    private int seen;

    MappedPages(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
    }

    /** Whether to ask: {@link #areScarce}, and a while later not any more. */
    public boolean isToBeAsked() {
        int left = alert;
        if (left == 0) {
            return false;
        }
        alert = left - 1;
        return true;
    }

    /** Whether blocks were not in memory a moment ago. What is read all the time should not depend on it. */
    public boolean areScarce() {
        return alert > 0;
    }

    /** A block was not in memory. */
    public void missed() {
        alert = ALERT;
    }

    /**
     * Looks at both ends of a mapped block about which nobody asked, and notes whether it had to wait.
     *
     * @param read number of this read among those of its file
     */
    public void touch(int read, Object base, long address, int length) {
        if (read % SAMPLED == 0) {
            long begin = nanoClock.getAsLong();
            seen = Memory.getByte(base, address) + Memory.getByte(base, address + length - 1);
            if (nanoClock.getAsLong() - begin > WAIT_NANOS) {
                missed();
            }
        }
    }
}
