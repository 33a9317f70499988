/**
 * What is merged when, and the merging. Pickers look at versions only and decide; jobs carry it out. Writes sstables through
 * {@code sstable}.
 */
package io.qaexchange.storage.compaction;
