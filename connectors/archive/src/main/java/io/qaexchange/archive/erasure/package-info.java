/**
 * Erasing rows of an account or instrument: the files concerned are written again without them, and the former ones go at once.
 *
 * <table>
 *   <caption>Files written</caption>
 *   <tr><td>{@code table=…/date=…/rewritten-<id>.parquet}</td><td>a file without the rows</td></tr>
 *   <tr><td>{@code table=…/date=…/.rewriting-<id>}</td><td>one that is being copied; never in a manifest</td></tr>
 *   <tr><td>{@code _erasures/<version>.jsonl}</td><td>a JSON line that says what a manifest version erased</td></tr>
 * </table>
 */
package io.qaexchange.archive.erasure;
