package io.qaexchange.parquet;

import java.io.IOException;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.InputFile;

/**
 * Footer metadata of an archived file.
 *
 * @param batchId identity of the batch
 * @param table record type
 * @param tradingDay yyyy-mm-dd
 * @param rows number of rows
 * @param rawBytes stored bytes of the rows
 * @param minEventTimeNs smallest event time
 * @param maxEventTimeNs greatest event time
 * @param minInstrument smallest instrument; null if the footer does not say
 * @param maxInstrument greatest instrument; null if the footer does not say
 * @param subtask event-store subtask that wrote it; {@link #NONE} for files of the ledger
 * @param ordinal its number among the files of that subtask in its archive epoch; {@link #NONE} for files of the ledger
 */
public record EventFileFooter(String batchId, String table, String tradingDay, long rows, long rawBytes, long minEventTimeNs,
        long maxEventTimeNs, @Nullable String minInstrument, @Nullable String maxInstrument, int subtask, long ordinal) {

    /** No subtask, no ordinal. */
    public static final int NONE = -1;

    /**
     * Reads the footer of a file.
     *
     * @throws IOException if it cannot be read, is no Parquet file or none of ours
     */
    public static EventFileFooter read(InputFile file) throws IOException {
        Map<String, String> values;
        long rows;
        try (ParquetFileReader reader = ParquetReaders.open(file)) {
            values = reader.getFileMetaData().getKeyValueMetaData();
            rows = reader.getRecordCount();
        } catch (RuntimeException e) {
            throw new IOException(file + " cannot be read as a Parquet file: " + e.getMessage(), e);
        }
        EventFileFooter footer = new EventFileFooter(text(file, values, FooterKeys.BATCH_ID), text(file, values, FooterKeys.TABLE),
                text(file, values, FooterKeys.TRADING_DAY), number(file, values, FooterKeys.ROWS),
                number(file, values, FooterKeys.RAW_BYTES), number(file, values, FooterKeys.MIN_EVENT_TIME),
                number(file, values, FooterKeys.MAX_EVENT_TIME), values.get(FooterKeys.MIN_INSTRUMENT),
                values.get(FooterKeys.MAX_INSTRUMENT),
                values.containsKey(FooterKeys.SUBTASK) ? Math.toIntExact(number(file, values, FooterKeys.SUBTASK)) : NONE,
                values.containsKey(FooterKeys.ORDINAL) ? number(file, values, FooterKeys.ORDINAL) : NONE);
        if (footer.rows() != rows) {
            throw new IOException(file + " holds " + rows + " rows, its footer says " + footer.rows());
        }
        return footer;
    }

    private static long number(InputFile file, Map<String, String> values, String key) throws IOException {
        String text = text(file, values, key);
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new IOException(file + ": footer entry " + key + " is no number: " + text, e);
        }
    }

    private static String text(InputFile file, Map<String, String> values, String key) throws IOException {
        String text = values.get(key);
        if (text == null) {
            throw new IOException(file + " was not written by the exchange job: its footer has no " + key);
        }
        return text;
    }
}
