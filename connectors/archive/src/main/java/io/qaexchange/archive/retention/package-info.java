/**
 * Letting archived files go: rows older than a policy, files that compaction replaced, files that nobody names. docs/design/0016 has the steps.
 *
 * <table>
 *   <caption>Files written</caption>
 *   <tr><td>{@code _deletions/<version>.jsonl}</td><td>a JSON line for each file that was deleted from a manifest version on</td></tr>
 * </table>
 */
package io.qaexchange.archive.retention;
