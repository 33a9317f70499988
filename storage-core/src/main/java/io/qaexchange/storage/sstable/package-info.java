/**
 * Sorted immutable files. {@link io.qaexchange.storage.sstable.SstableWriter} writes one and its Javadoc is the format;
 * {@link io.qaexchange.storage.sstable.SstableReader} answers point reads, iterators and questions of size from it.
 *
 * <table>
 * <caption>Files</caption>
 * <tr><td>{@code *.sst}</td><td>entries in internal order, index, filter, range tombstones, properties, footer</td></tr>
 * </table>
 */
package io.qaexchange.storage.sstable;
