/**
 * Checkpoints: what is written of a store while it goes on, and what a store is made from again.
 *
 * <table>
 * <caption>Files of a checkpoint's folder</caption>
 * <tr><th>file</th><th>what</th><th>written by</th></tr>
 * <tr><td>{@code CHECKPOINT}</td><td>version, sequence number, pieces</td><td>{@link io.qaexchange.storage.checkpoint.CheckpointFile}</td></tr>
 * <tr><td>{@code NNNNNN.piece}</td><td>a range of the log</td><td>{@link io.qaexchange.storage.checkpoint.PieceWriter}</td></tr>
 * <tr><td>{@code NNNNNN.sst}</td><td>the store's sstables</td><td>{@code sstable}</td></tr>
 * </table>
 */
package io.qaexchange.storage.checkpoint;
