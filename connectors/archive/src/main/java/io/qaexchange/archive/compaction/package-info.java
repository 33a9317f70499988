/**
 * Compaction of the archive: small files of a table and trading day become large ones, beside a running job. docs/design/0016 says why
 * it is a second writer of the archive manifest.
 *
 * <table>
 *   <caption>Files written</caption>
 *   <tr><td>{@code table=…/date=…/compacted-<id>.parquet}</td><td>a compacted file</td></tr>
 *   <tr><td>{@code table=…/date=…/.compacting-<id>}</td><td>one that is being copied; never in a manifest</td></tr>
 * </table>
 */
package io.qaexchange.archive.compaction;
