/**
 * The write-ahead log.
 *
 * <table>
 * <caption>Files</caption>
 * <tr><th>file</th><th>what</th><th>written by</th></tr>
 * <tr><td>{@code NNNNNN.wal}</td><td>one segment of the log</td><td>{@link io.qaexchange.storage.wal.WalWriter}</td></tr>
 * </table>
 */
package io.qaexchange.storage.wal;
