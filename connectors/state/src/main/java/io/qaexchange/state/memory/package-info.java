/**
 * Memory and background threads of a slot, shared by the stores of its operators: {@link io.qaexchange.state.memory.SlotResources} is
 * made with Flink's managed memory by the first operator of a slot and closed by the last. Writes no files.
 */
package io.qaexchange.state.memory;
