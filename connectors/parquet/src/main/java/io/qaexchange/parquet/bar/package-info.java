/**
 * Bars of prices in the making, and those that a file of trades or ticks keeps in its footer ({@link io.qaexchange.parquet.bar.FileBars} gives the format).
 * Knows no files.
 */
@javax.annotation.ParametersAreNonnullByDefault
package io.qaexchange.parquet.bar;
