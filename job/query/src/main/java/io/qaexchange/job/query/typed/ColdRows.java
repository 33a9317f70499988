package io.qaexchange.job.query.typed;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.archive.tier.ColdFiles;
import io.qaexchange.events.Arrival;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.parquet.ArchivedEvent;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.PricedRows;
import io.qaexchange.parquet.TableReader;
import io.qaexchange.parquet.bar.BarTable;
import java.io.FileNotFoundException;
import java.io.IOException;
import javax.annotation.Nullable;

/** Reads rows of an archived file in the form that hot rows have. */
final class ColdRows {

    private ColdRows() {
    }

    /**
     * Visits rows of a file, in the same order each time.
     *
     * @param instrument the only instrument; null for all
     * @param fromNs event times from here, inclusive
     * @param toNs up to here, exclusive; {@link Long#MAX_VALUE} for no bound
     * @param text a text that rows have; null for all
     * @param view shows the row that is visited
     */
    static void forEach(ColdFiles files, DataFile file, @Nullable String instrument, long fromNs, long toNs, @Nullable TableReader.Text text, StoredEvent view,
            UnionScan.Visitor visitor) throws IOException {
        try (ColdFile cold = files.open(file); TableReader reader = TableReader.open(input(cold), instrument, fromNs, toNs, text)) {
            for (ArchivedEvent event = reader.next(); event != null; event = reader.next()) {
                Arrival arrival = new Arrival(event.ingestTimeNs(), event.topic(), event.partition(), event.offset());
                visitor.accept(UnionRow.of(StoredEvent.encode(event.message(), arrival), view));
            }
        }
    }

    /** Takes the values of a row that a bar is made of; the cursor stays there during the call. */
    @FunctionalInterface
    interface PricedVisitor {
        void accept(PricedRows row);
    }

    /** Visits rows of a file that have a price, in the same order each time; those of an instrument, or all if it is null, and of some times. */
    static void forEachPriced(ColdFiles files, DataFile file, BarTable table, @Nullable String instrument, long fromNs, long toNs, PricedVisitor visitor)
            throws IOException {
        try (ColdFile cold = files.open(file); PricedRows rows = PricedRows.open(input(cold), table, instrument, fromNs, toNs)) {
            while (rows.next()) {
                visitor.accept(rows);
            }
        }
    }

    private static FlinkInputFile input(ColdFile file) throws IOException {
        try {
            return FlinkInputFile.of(file.path());
        } catch (FileNotFoundException e) {
            throw new IOException("file " + file.path() + " is in the archive manifest and not there", e);
        }
    }
}
