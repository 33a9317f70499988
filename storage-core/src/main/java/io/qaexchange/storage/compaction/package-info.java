/**
 * Decides which files are compacted, and which entries a compaction keeps. Pickers look at versions only; jobs carry their plans out. Writes sstables through
 * {@code sstable}.
 */
package io.qaexchange.storage.compaction;
