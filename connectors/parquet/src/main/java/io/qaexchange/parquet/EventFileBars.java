package io.qaexchange.parquet;

import io.qaexchange.parquet.bar.MinuteBars;
import java.io.IOException;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.InputFile;

/** Reads the bars that archived files keep in their footers. Stateless. */
public final class EventFileBars {

    private EventFileBars() {
    }

    /**
     * The bars of a file; null if it has none. Neither rows nor the places of its pages are read.
     *
     * @param table the table that it must be of
     * @throws IOException if it cannot be read, is of another table, or its bars are damaged
     */
    @Nullable
    public static MinuteBars read(InputFile file, String table) throws IOException {
        Map<String, String> footer;
        try (ParquetFileReader reader = ParquetReaders.openFooter(file)) {
            footer = reader.getFileMetaData().getKeyValueMetaData();
        } catch (RuntimeException e) {
            throw new IOException(file + " cannot be read as a Parquet file: " + e.getMessage(), e);
        }
        if (!table.equals(footer.get(FooterKeys.TABLE))) {
            throw new IOException(file + " is of table " + footer.get(FooterKeys.TABLE) + ", not " + table);
        }
        String text = footer.get(FooterKeys.MINUTE_BARS);
        if (text == null) {
            return null;
        }
        try {
            MinuteBars bars = MinuteBars.parse(text);
            long rows = Long.parseLong(footer.getOrDefault(FooterKeys.ROWS, "0"));
            if (bars.rows() > rows) {
                throw new IOException("the bars of minutes in the footer have " + bars.rows() + " rows, the file has " + rows);
            }
            return bars;
        } catch (IOException | NumberFormatException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }
}
