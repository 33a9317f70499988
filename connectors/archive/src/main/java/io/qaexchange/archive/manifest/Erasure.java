package io.qaexchange.archive.manifest;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.annotation.JsonIgnore;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import javax.annotation.Nullable;

/**
 * Rows that were erased by request. The audit counts rows that it covers as erased, and a repetition erases what came into the archive since.
 *
 * @param id its name; a repetition has the same
 * @param account the account whose rows it covers; null for any
 * @param instrument the instrument whose rows it covers; null for any
 * @param tables record types; null for all
 * @param fromDay first trading day, yyyy-mm-dd; null for the beginning
 * @param toDay last trading day, yyyy-mm-dd
 * @param reason why
 * @param manifestVersion the version that erased them
 * @param atMs when, ms since 1970
 * @param files files that were written again or left
 * @param rows rows that left the archive, also those of abandoned branches
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Erasure(String id, @Nullable String account, @Nullable String instrument, @Nullable List<String> tables, @Nullable String fromDay,
        String toDay, String reason, long manifestVersion, long atMs, int files, long rows) {

    public Erasure {
        requireNonNull(id, "id");
        requireNonNull(toDay, "toDay");
        requireNonNull(reason, "reason");
        if (account == null && instrument == null) {
            throw new IllegalArgumentException("an erasure names an account or an instrument: whole days are let go by the retention");
        }
        tables = tables == null ? null : List.copyOf(tables);
    }

    /** Whether it covers rows of a table and trading day. */
    public boolean covers(String table, String tradingDay) {
        return (tables == null || tables.contains(table)) && (fromDay == null || fromDay.compareTo(tradingDay) <= 0) && tradingDay.compareTo(toDay) <= 0;
    }

    /** Whether it covers a row; null for a column that the row does not have. */
    public boolean covers(String table, String tradingDay, @Nullable String rowAccount, @Nullable String rowInstrument) {
        return covers(table, tradingDay) && (account == null || account.equals(rowAccount)) && (instrument == null || instrument.equals(rowInstrument));
    }

    /** The rows that it covers, for messages. */
    @JsonIgnore
    public String subject() {
        return (account == null ? "" : "account " + account) + (account != null && instrument != null ? " and " : "")
                + (instrument == null ? "" : "instrument " + instrument) + (tables == null ? "" : " in " + String.join(", ", tables))
                + ", trading days " + (fromDay == null ? "" : "from " + fromDay + " ") + "up to " + toDay;
    }

    /** As this one, as it was done. */
    public Erasure done(long version, long nowMs, int writtenFiles, long erasedRows) {
        return new Erasure(id, account, instrument, tables, fromDay, toDay, reason, version, nowMs, writtenFiles, erasedRows);
    }
}
