package io.qaexchange.parquet;

import java.io.IOException;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.format.converter.ParquetMetadataConverter;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.InputFile;

/**
 * Opens Parquet files. Options are made for each reader: they hold its decompressors, so readers with the same options would read with those of each other, and
 * a reader that is closed would take them away from all.
 *
 * <p>There is no configuration of Hadoop, whose XML files would be searched and parsed for each file, which takes 20 ms.
 */
public final class ParquetReaders {

    private ParquetReaders() {
    }

    /** Opens a file. */
    public static ParquetFileReader open(InputFile file) throws IOException {
        return ParquetFileReader.open(file, options().build());
    }

    /** Opens a file of which the footer's metadata is wanted, and no row group. */
    static ParquetFileReader openFooter(InputFile file) throws IOException {
        return ParquetFileReader.open(file, options().withMetadataFilter(ParquetMetadataConverter.SKIP_ROW_GROUPS).build());
    }

    /** Opens a file whose pages are compared with their checksums. */
    public static ParquetFileReader openChecked(InputFile file) throws IOException {
        return ParquetFileReader.open(file, options().usePageChecksumVerification(true).build());
    }

    /** Opens a file of which only row groups are read that may have wanted rows. */
    static ParquetFileReader open(InputFile file, FilterCompat.Filter wanted) throws IOException {
        ParquetReadOptions.Builder options = options().useDictionaryFilter(false);
        return ParquetFileReader.open(file, (wanted == FilterCompat.NOOP ? options : options.withRecordFilter(wanted)).build());
    }

    private static ParquetReadOptions.Builder options() {
        return ParquetReadOptions.builder(new PlainParquetConfiguration());
    }
}
