/**
 * The engine beside RocksDB JNI in one run: same records, same durability, same compression. {@code bin/bench engine} runs it; what it
 * measured stands in docs/benchmarks.md.
 */
package io.qaexchange.storage.bench;
