package io.qaexchange.archive.manifest;

import static java.util.Objects.requireNonNull;

/**
 * A batch whose rows were let go. Its id stays known: no reader takes its rows for hot, no restore adds it again, and the audit counts its rows
 * as expired.
 *
 * @param batchId its identity
 * @param table record type
 * @param tradingDay trading day of its rows, yyyy-mm-dd
 * @param rows number of rows
 * @param path where the job's sink committed it, relative to the archive's folder
 * @param expiredAtMs when, ms since 1970
 */
public record ExpiredBatch(String batchId, String table, String tradingDay, long rows, String path, long expiredAtMs) {

    public ExpiredBatch {
        requireNonNull(batchId, "batchId");
        requireNonNull(table, "table");
        requireNonNull(tradingDay, "tradingDay");
        requireNonNull(path, "path");
    }
}
