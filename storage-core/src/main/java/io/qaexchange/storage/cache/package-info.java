/**
 * The block cache: blocks that cannot be read in place (compressed ones, and all blocks when files are not mapped), in memory from a
 * {@link io.qaexchange.storage.memory.MemoryPool}, shared by all files of a store or of a process. Writes no files.
 */
package io.qaexchange.storage.cache;
