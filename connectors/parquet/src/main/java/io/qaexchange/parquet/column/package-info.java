/**
 * Columns of a Parquet file: values of a row group, collected column by column and written with their statistics.
 */
package io.qaexchange.parquet.column;
