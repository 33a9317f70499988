/**
 * Exceptions of the store. At the bottom, since every package that reads bytes may find damage.
 *
 * <table>
 * <caption>Which to expect</caption>
 * <tr><td>{@link io.qaexchange.storage.error.CorruptionException}</td><td>bytes are wrong: file and offset</td></tr>
 * <tr><td>{@link io.qaexchange.storage.error.UnsupportedFormatException}</td><td>bytes are fine, this build cannot read them</td></tr>
 * <tr><td>{@link io.qaexchange.storage.error.StoreClosedException}</td><td>the store was closed, or has stopped with a cause</td></tr>
 * <tr><td>{@link io.qaexchange.storage.error.StoreException}</td><td>the others: a folder that is no store, is in use, is not empty</td></tr>
 * </table>
 */
package io.qaexchange.storage.error;
