/**
 * Rows of the ledger's tables on their way to Parquet.
 *
 * <table>
 *   <caption>Files written</caption>
 *   <tr><td>{@code table=<ledger table>/date=<trading day>/…parquet}</td><td>see
 *       {@link io.qaexchange.job.model.table.LedgerTable}</td></tr>
 * </table>
 *
 * <p>Names of this package's classes stand in savepoints: neither the package nor a class in it is ever renamed.
 */
package io.qaexchange.job.model.table;
