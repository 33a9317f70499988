package io.qaexchange.parquet.bar;

import java.util.Arrays;
import javax.annotation.Nullable;

/** Tables that bars are made of. */
public enum BarTable {
    TRADE("trade", "price", "volume"),
    TICK("tick", "last_price", null);

    private final String table;
    private final String priceColumn;
    @Nullable
    private final String volumeColumn;

    BarTable(String table, String priceColumn, @Nullable String volumeColumn) {
        this.table = table;
        this.priceColumn = priceColumn;
        this.volumeColumn = volumeColumn;
    }

    /** The table of a name; null if no bars are made of it. */
    @Nullable
    public static BarTable find(String table) {
        return Arrays.stream(values()).filter(each -> each.table.equals(table)).findFirst().orElse(null);
    }

    public String table() {
        return table;
    }

    /** The column of prices. */
    public String priceColumn() {
        return priceColumn;
    }

    /** The column of volumes; null if the rows have none. */
    @Nullable
    public String volumeColumn() {
        return volumeColumn;
    }
}
