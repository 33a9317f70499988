package io.qaexchange.job.query.export;

import io.qaexchange.events.StoredEvent;
import java.io.Closeable;
import java.io.IOException;

/** Takes the rows of one table. One thread. */
public interface RowWriter extends Closeable {

    /**
     * Adds a row.
     *
     * @param event a stored event of the table; valid within the call
     * @param tradingDay the trading day that counts, yyyymmdd
     */
    void write(StoredEvent event, int tradingDay) throws IOException;

    /** Writes what is left; nothing may be added afterwards. The target stays open. */
    void finish() throws IOException;

    /** Frees memory; does not close the target. */
    @Override
    void close() throws IOException;
}
