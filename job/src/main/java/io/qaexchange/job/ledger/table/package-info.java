/**
 * The ledger's tables: rows on their way to Parquet.
 *
 * <table>
 *   <caption>Files written</caption>
 *   <tr><td>{@code table=<ledger table>/date=<trading day>/…parquet}</td><td>see
 *       {@link io.qaexchange.job.ledger.table.LedgerTable}</td></tr>
 * </table>
 */
package io.qaexchange.job.ledger.table;
