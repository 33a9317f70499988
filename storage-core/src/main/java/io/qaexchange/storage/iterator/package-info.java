/**
 * Walking sorted entries: one contract for memtables, sstables and merges of them. Writes no files.
 */
package io.qaexchange.storage.iterator;
