package io.qaexchange.archive.manifest;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import javax.annotation.Nullable;

/**
 * Rows that must be kept whatever the retention says. Files are kept as a whole, so rows beside them are kept too.
 *
 * @param id its name; unique
 * @param table record type; null for all
 * @param instrument null for all
 * @param tradingDay yyyy-mm-dd; null for all
 * @param reason why
 * @param sinceMs when it was placed, ms since 1970
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record LegalHold(String id, @Nullable String table, @Nullable String instrument, @Nullable String tradingDay, String reason, long sinceMs) {

    public LegalHold {
        requireNonNull(id, "id");
        requireNonNull(reason, "reason");
    }

    /** Whether a file has, or may have, rows that are held. */
    public boolean holds(DataFile file) {
        return (table == null || table.equals(file.table())) && (tradingDay == null || tradingDay.equals(file.tradingDay()))
                && (instrument == null || mayHaveInstrument(file));
    }

    /** Whether a row is held; null for a row without instrument. */
    public boolean holds(String rowTable, String rowDay, @Nullable String rowInstrument) {
        return (table == null || table.equals(rowTable)) && (tradingDay == null || tradingDay.equals(rowDay))
                && (instrument == null || instrument.equals(rowInstrument));
    }

    private boolean mayHaveInstrument(DataFile file) {
        return file.minInstrument() == null || file.maxInstrument() == null
                || compare(file.minInstrument(), instrument) <= 0 && compare(instrument, file.maxInstrument()) <= 0;
    }

    private static int compare(String a, String b) {
        return Arrays.compareUnsigned(a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
    }
}
