package io.qaexchange.job.stream.ledger;

import static java.util.Objects.requireNonNull;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.parquet.ParquetOptions;
import java.io.Serializable;
import java.time.Duration;

/**
 * Settings of the ledger.
 *
 * @param instruments contract terms and trading days
 * @param fileInterval wall time that rows of its tables wait for a Parquet file
 * @param fileRows so many rows do not wait
 * @param parquet how files are written
 */
public record LedgerOptions(Instruments instruments, Duration fileInterval, int fileRows, ParquetOptions parquet) implements Serializable {

    /** Rows of a file unless said otherwise: some megabytes of state until then. */
    public static final int FILE_ROWS = 50_000;

    public LedgerOptions {
        requireNonNull(instruments, "instruments");
        requireNonNull(parquet, "parquet");
        if (fileInterval.isZero() || fileInterval.isNegative()) {
            throw new IllegalArgumentException("the ledger's file interval must be positive: " + fileInterval);
        }
        if (fileRows < 1) {
            throw new IllegalArgumentException("the ledger's file rows must be positive: " + fileRows);
        }
    }
}
