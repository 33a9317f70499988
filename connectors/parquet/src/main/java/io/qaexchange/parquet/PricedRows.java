package io.qaexchange.parquet;

import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.parquet.bar.BarTable;
import io.qaexchange.parquet.column.ParquetTable;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * The rows of an archived file with a price, of an instrument and between two times: what a bar is made of, and no other column. Cursor: {@link #next} turns to a
 * row.
 *
 * <p>One thread.
 */
public final class PricedRows implements Closeable {

    private final ParquetFileReader file;
    private final String name;
    private final MatchingRows wanted;
    @Nullable
    private final Binary wantedInstrument;
    private final MessageType columns;
    private final RecordType type;
    private final BarTable table;

    private int nextGroup;
    @Nullable
    private SelectedPages some;
    private ColumnReader instruments;
    private ColumnReader days;
    private ColumnReader times;
    private ColumnReader sources;
    private ColumnReader sequences;
    private ColumnReader prices;
    @Nullable
    private ColumnReader volumes;
    private ColumnReader[] all;

    private Binary instrumentBytes;
    private String instrument = "";
    private Binary sourceBytes;
    private byte[] source = {};
    private int tradingDay;
    private long timeNs;
    private long sequence;
    private double price;
    private double volume;

    private PricedRows(ParquetFileReader file, String name, BarTable table, @Nullable String instrument, MatchingRows wanted) {
        this.file = file;
        this.name = name;
        this.wanted = wanted;
        this.wantedInstrument = instrument == null ? null : Binary.fromString(instrument);
        this.table = table;
        this.type = EventSchema.get().table(table.table());
        MessageType schema = file.getFileMetaData().getSchema();
        List<Type> some = new ArrayList<>();
        for (String column : new String[] {MatchingRows.INSTRUMENT, type.tradingDay().name(), ParquetTable.EVENT_TIME, type.source().name(), type.sequence().name(),
                table.priceColumn(), table.volumeColumn()}) {
            if (column != null) {
                some.add(schema.getType(column));
            }
        }
        this.columns = new MessageType(schema.getName(), some);
    }

    /**
     * Opens a file. Row groups and pages without wanted rows are not read, as far as their statistics tell.
     *
     * @param instrument the only instrument; null for all
     * @param fromNs event times from here, inclusive
     * @param toNs up to here, exclusive; {@link Long#MAX_VALUE} for no bound
     * @throws IOException if it cannot be read or has no rows of that table
     */
    public static PricedRows open(InputFile input, BarTable table, @Nullable String instrument, long fromNs, long toNs) throws IOException {
        MatchingRows wanted = new MatchingRows(instrument, fromNs, toNs, null);
        ParquetFileReader file = null;
        boolean opened = false;
        try {
            file = ParquetReaders.open(input, FilterCompat.get(wanted.predicate()));
            String written = file.getFileMetaData().getKeyValueMetaData().get(FooterKeys.TABLE);
            if (!table.table().equals(written)) {
                throw new IOException(input + " has rows of table " + written + ", not of " + table.table());
            }
            PricedRows rows = new PricedRows(file, input.toString(), table, instrument, wanted);
            opened = true;
            return rows;
        } catch (RuntimeException e) {
            throw new IOException(input + " cannot be read as a Parquet file: " + e.getMessage(), e);
        } finally {
            if (!opened && file != null) {
                file.close();
            }
        }
    }

    /**
     * Turns to the next row.
     *
     * @return false if there is none
     * @throws IOException if the file is damaged
     */
    public boolean next() throws IOException {
        try {
            while (some != null && some.next() || nextPages()) {
                boolean found = some.isWanted() && isWanted();
                if (found) {
                    read();
                }
                for (ColumnReader column : all) {
                    if (isThere(column)) {
                        // No effect if the value was read.
                        column.skip();
                    }
                    column.consume();
                }
                if (found) {
                    return true;
                }
            }
            return false;
        } catch (IOException | RuntimeException e) {
            throw new IOException(name + " is damaged or cannot be read: " + e.getMessage(), e);
        }
    }

    /** Turns to the first row of the next row group that may have some. */
    private boolean nextPages() throws IOException {
        while (nextGroup < file.getRowGroups().size()) {
            some = SelectedPages.read(file, nextGroup++, columns, wanted);
            if (some != null && some.next()) {
                begin(new ColumnReadStoreImpl(some.pages(), new NoRecords(), columns, file.getFileMetaData().getCreatedBy()));
                return true;
            }
        }
        return false;
    }

    private void begin(ColumnReadStoreImpl store) {
        instruments = column(store, MatchingRows.INSTRUMENT);
        days = column(store, type.tradingDay().name());
        times = column(store, ParquetTable.EVENT_TIME);
        sources = column(store, type.source().name());
        sequences = column(store, type.sequence().name());
        prices = column(store, table.priceColumn());
        volumes = table.volumeColumn() == null ? null : column(store, table.volumeColumn());
        all = volumes == null ? new ColumnReader[] {instruments, days, times, sources, sequences, prices}
                : new ColumnReader[] {instruments, days, times, sources, sequences, prices, volumes};
        // A dictionary is one of a row group.
        instrumentBytes = null;
        sourceBytes = null;
    }

    private ColumnReader column(ColumnReadStoreImpl store, String column) {
        return store.getColumnReader(columns.getColumnDescription(new String[] {column}));
    }

    private static boolean isThere(ColumnReader column) {
        return column.getCurrentDefinitionLevel() == column.getDescriptor().getMaxDefinitionLevel();
    }

    private boolean isWanted() {
        return wanted.hasTime(times.getLong()) && isThere(prices) && (wantedInstrument == null || isThere(instruments) && instruments.getBinary().equals(wantedInstrument));
    }

    private void read() {
        Binary instrumentNow = isThere(instruments) ? instruments.getBinary() : Binary.EMPTY;
        if (instrumentNow != instrumentBytes) {
            instrumentBytes = instrumentNow;
            String text = instrumentNow.toStringUsingUTF8();
            instrument = text.equals(instrument) ? instrument : text;
        }
        Binary sourceNow = sources.getBinary();
        if (sourceNow != sourceBytes) {
            sourceBytes = sourceNow;
            source = sourceNow.getBytes();
        }
        tradingDay = days.getInteger();
        timeNs = times.getLong();
        sequence = sequences.getLong();
        price = prices.getDouble();
        volume = volumes == null || !isThere(volumes) ? 0 : volumes.getDouble();
    }

    /** "" if the row has none. */
    public String instrument() {
        return instrument;
    }

    /** yyyymmdd. */
    public int tradingDay() {
        return tradingDay;
    }

    /** Event time, ns since 1970. */
    public long timeNs() {
        return timeNs;
    }

    /** UTF-8 of the name of its source; stays as it is. */
    public byte[] source() {
        return source;
    }

    public long sequence() {
        return sequence;
    }

    public double price() {
        return price;
    }

    /** 0 if the row has none. */
    public double volume() {
        return volume;
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
