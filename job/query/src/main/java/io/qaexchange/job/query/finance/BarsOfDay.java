package io.qaexchange.job.query.finance;

import io.qaexchange.parquet.bar.PartialBar;
import java.util.Arrays;

/** Bars of an instrument and trading day, sorted by their beginnings. Bars that come in that order, as they mostly do, are appended. One thread. */
final class BarsOfDay {

    private long[] begins = new long[8];
    private PartialBar[] bars = new PartialBar[8];
    private int size;

    /** The bar that begins there, made if it is not there. */
    PartialBar at(long begin) {
        if (size == 0 || begin > begins[size - 1]) {
            return insert(size, begin);
        }
        int found = Arrays.binarySearch(begins, 0, size, begin);
        return found >= 0 ? bars[found] : insert(-found - 1, begin);
    }

    private PartialBar insert(int place, long begin) {
        if (size == begins.length) {
            begins = Arrays.copyOf(begins, 2 * size);
            bars = Arrays.copyOf(bars, 2 * size);
        }
        System.arraycopy(begins, place, begins, place + 1, size - place);
        System.arraycopy(bars, place, bars, place + 1, size - place);
        begins[place] = begin;
        bars[place] = new PartialBar();
        size++;
        return bars[place];
    }

    int size() {
        return size;
    }

    long begin(int i) {
        return begins[i];
    }

    PartialBar bar(int i) {
        return bars[i];
    }
}
