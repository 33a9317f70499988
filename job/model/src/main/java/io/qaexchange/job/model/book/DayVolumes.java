package io.qaexchange.job.model.book;

import java.util.Arrays;

/** Volumes by trading day, oldest first; only where there are several days that are not settled. Mutable, one thread. */
final class DayVolumes {

    private int count;
    private int[] days = new int[2];
    private long[] volumes = new long[2];

    /** How many days have a volume. */
    int count() {
        return count;
    }

    int day(int index) {
        return days[index];
    }

    long volume(int index) {
        return volumes[index];
    }

    void add(int day, long volume) {
        int at = count;
        while (at > 0 && days[at - 1] > day) {
            at--;
        }
        if (at > 0 && days[at - 1] == day) {
            volumes[at - 1] += volume;
            return;
        }
        if (count == days.length) {
            days = Arrays.copyOf(days, 2 * count);
            volumes = Arrays.copyOf(volumes, 2 * count);
        }
        System.arraycopy(days, at, days, at + 1, count - at);
        System.arraycopy(volumes, at, volumes, at + 1, count - at);
        days[at] = day;
        volumes[at] = volume;
        count++;
    }

    /** Takes a volume from the oldest days, as far as there is one. */
    void takeOldest(long volume) {
        long rest = volume;
        int emptied = 0;
        while (rest > 0 && emptied < count) {
            long taken = Math.min(rest, volumes[emptied]);
            volumes[emptied] -= taken;
            rest -= taken;
            if (volumes[emptied] == 0) {
                emptied++;
            }
        }
        remove(emptied);
    }

    /** Takes out the days up to one: their volume. */
    long takeThrough(int day) {
        int taken = 0;
        long volume = 0;
        while (taken < count && days[taken] <= day) {
            volume += volumes[taken++];
        }
        remove(taken);
        return volume;
    }

    private void remove(int oldest) {
        if (oldest > 0) {
            count -= oldest;
            System.arraycopy(days, oldest, days, 0, count);
            System.arraycopy(volumes, oldest, volumes, 0, count);
        }
    }
}
