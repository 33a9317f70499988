package io.qaexchange.parquet;

import io.qaexchange.parquet.bar.FileBars;
import java.io.IOException;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.InputFile;

/** The bars that an archived file keeps in its footer. Immutable. */
public final class FooterBars {

    private final String file;
    private final Map<String, String> footer;

    private FooterBars(String file, Map<String, String> footer) {
        this.file = file;
        this.footer = footer;
    }

    /**
     * Opens a footer. Neither rows nor the places of their pages are read.
     *
     * @param table the table that the file must be of
     * @throws IOException if it cannot be read, or is of another table
     */
    public static FooterBars read(InputFile file, String table) throws IOException {
        Map<String, String> footer;
        try (ParquetFileReader reader = ParquetReaders.openFooter(file)) {
            footer = reader.getFileMetaData().getKeyValueMetaData();
        } catch (RuntimeException e) {
            throw new IOException(file + " cannot be read as a Parquet file: " + e.getMessage(), e);
        }
        if (!table.equals(footer.get(FooterKeys.TABLE))) {
            throw new IOException(file + " is of table " + footer.get(FooterKeys.TABLE) + ", not " + table);
        }
        return new FooterBars(file.toString(), footer);
    }

    /**
     * The bars of a width; null if the file keeps none.
     *
     * @throws IOException if they are damaged
     */
    @Nullable
    public FileBars of(int widthSeconds) throws IOException {
        String text = footer.get(FooterKeys.bars(widthSeconds));
        if (text == null) {
            return null;
        }
        try {
            FileBars bars = FileBars.parse(text);
            long rows = Long.parseLong(footer.getOrDefault(FooterKeys.ROWS, "0"));
            if (bars.rows() > rows || bars.widthSeconds() != widthSeconds) {
                throw new IOException("the bars in the footer have " + bars.rows() + " rows and " + bars.widthSeconds() + " s, the file has " + rows + " and says "
                        + widthSeconds + " s");
            }
            return bars;
        } catch (IOException | NumberFormatException e) {
            throw new IOException(file + ": " + e.getMessage(), e);
        }
    }
}
