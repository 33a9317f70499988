package io.qaexchange.archive.retention;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Stages for each table. A trading day's age is counted from the earlier of two days: today by the wall clock, and the newest trading day of its table.
 * So neither one row of the year 2100 nor a clock that jumps there drops everything, and a market that closed for good keeps what it has.
 *
 * <p>Immutable.
 */
public class RetentionPolicy {

    /** More than clocks of hosts differ. */
    private static final Duration CLOCKS_DIFFER = Duration.ofDays(2);

    private final RetentionStages all;
    private final Map<String, RetentionStages> byTable;

    /**
     * A policy.
     *
     * @param all for tables that are not named
     * @param byTable by record type
     */
    public RetentionPolicy(RetentionStages all, Map<String, RetentionStages> byTable) {
        this.all = all;
        this.byTable = Map.copyOf(byTable);
    }

    /** The stages of a table. */
    public RetentionStages stages(String table) {
        return byTable.getOrDefault(table, all);
    }

    /** Files whose rows are older than {@code delete-after}, held or not. */
    public List<DataFile> expired(ArchiveManifest manifest, Instant now) {
        return older(manifest, List.of(manifest.files(), manifest.superseded()), RetentionStages::deleteAfter, now);
    }

    /** Files that are older than {@code remote-after}, copied or not. */
    public List<DataFile> toCopy(ArchiveManifest manifest, Instant now) {
        return older(manifest, List.of(manifest.files()), RetentionStages::remoteAfter, now);
    }

    /** Files that are older than {@code local-retention}, copied or not, held or not. */
    public List<DataFile> toLeaveLocalDisk(ArchiveManifest manifest, Instant now) {
        return older(manifest, List.of(manifest.files()), RetentionStages::localRetention, now);
    }

    /**
     * From when on a moment that was noted as past is so far ahead that the clock must have been wrong then: a grace time that began there would not end for
     * long. In ms since 1970; {@link Long#MAX_VALUE} if the archive has rows of later days, since it is this clock then that is wrong.
     */
    public static long toComeFromMs(ArchiveManifest manifest, Clock clock) {
        LocalDate tomorrow = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).plusDays(1);
        boolean isBehind = manifest.files().stream().anyMatch(file -> LocalDate.parse(file.tradingDay()).isAfter(tomorrow));
        return isBehind ? Long.MAX_VALUE : clock.millis() + CLOCKS_DIFFER.toMillis();
    }

    private List<DataFile> older(ArchiveManifest manifest, List<List<DataFile>> among, Function<RetentionStages, Integer> age, Instant now) {
        LocalDate today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        Map<String, LocalDate> newest = new HashMap<>();
        for (List<DataFile> files : List.of(manifest.files(), manifest.superseded())) {
            for (DataFile file : files) {
                newest.merge(file.table(), LocalDate.parse(file.tradingDay()), (a, b) -> a.isAfter(b) ? a : b);
            }
        }
        List<DataFile> older = new ArrayList<>();
        for (List<DataFile> files : among) {
            for (DataFile file : files) {
                Integer days = age.apply(stages(file.table()));
                LocalDate from = newest.get(file.table()).isAfter(today) ? today : newest.get(file.table());
                if (days != null && LocalDate.parse(file.tradingDay()).isBefore(from.minusDays(days))) {
                    older.add(file);
                }
            }
        }
        return older;
    }
}
