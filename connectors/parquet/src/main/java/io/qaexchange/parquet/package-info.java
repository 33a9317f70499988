/**
 * Events as Parquet files: schema, writer and reader of one file, all derived from the event schema.
 *
 * <table>
 *   <caption>Files written</caption>
 *   <tr><td>{@code *.parquet}</td><td>rows of one table and trading day, see {@link io.qaexchange.parquet.EventParquetWriter}</td></tr>
 * </table>
 */
package io.qaexchange.parquet;
