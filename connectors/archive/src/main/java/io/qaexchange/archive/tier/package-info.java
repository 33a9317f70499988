/**
 * Files of the archive in two places: copied to an object store, removed from the local disk, read through a bounded cache, fetched back.
 * docs/design/0018 has the steps.
 *
 * <table>
 *   <caption>Files written</caption>
 *   <tr><td>{@code _moves/<version>.jsonl}</td><td>a JSON line for each file that was copied or fetched, by the manifest version that announced it</td></tr>
 *   <tr><td>{@code _deletions/<version>.jsonl}</td><td>a JSON line for each local file that was deleted, beside those of the retention</td></tr>
 *   <tr><td>a folder of the local disk</td><td>the cache, see {@link io.qaexchange.archive.tier.TierCache}</td></tr>
 * </table>
 */
package io.qaexchange.archive.tier;
