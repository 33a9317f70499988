/**
 * The only door to the disk. {@link io.qaexchange.storage.vfs.NioVfs} is the real one; a simulated one in the tests loses, tears and
 * reorders what was not synced, so that every crash can be tried. Writes no files of its own.
 */
package io.qaexchange.storage.vfs;
