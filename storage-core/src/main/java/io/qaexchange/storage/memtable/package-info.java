/**
 * Entries in memory: an arena per memtable, records in arrival order (so that a memtable is its own log), and per family an adaptive
 * radix tree over them. One writer, any number of readers without locks. Writes no files.
 */
package io.qaexchange.storage.memtable;
