/**
 * Bars of prices in the making, and those of whole minutes that a file of trades or ticks keeps in its footer
 * ({@link io.qaexchange.parquet.bar.MinuteBars} gives the format). Knows no files.
 */
@javax.annotation.ParametersAreNonnullByDefault
package io.qaexchange.parquet.bar;
