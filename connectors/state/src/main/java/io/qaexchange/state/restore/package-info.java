/**
 * Restores an operator's states from Flink's checkpoints and savepoints: native ones file by file, canonical ones entry by entry. Writes no
 * files of its own.
 */
package io.qaexchange.state.restore;
