/** Restoring an operator's states from Flink's checkpoints and savepoints. Writes no files of its own. */
package io.qaexchange.state.restore;
