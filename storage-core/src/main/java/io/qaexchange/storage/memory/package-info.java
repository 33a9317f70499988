/**
 * Raw memory: the only package that touches {@code sun.misc.Unsafe}. Bytes live on the heap, in direct memory, in Flink's managed
 * memory or in a file mapping; a (base, address) pair names them all alike, and {@link io.qaexchange.storage.memory.Slice} is the
 * view that callers see. {@link io.qaexchange.storage.memory.MemoryPool} is where an embedding program says how much there may be.
 * Depends on nothing else of the engine. Writes no files.
 */
package io.qaexchange.storage.memory;
