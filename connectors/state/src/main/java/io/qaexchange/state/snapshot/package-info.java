/**
 * Snapshots of an operator's states. {@link io.qaexchange.state.snapshot.FullSnapshot} is every state at one moment in the form of
 * Flink's canonical savepoint, which savepoints and full checkpoints write.
 *
 * <p>Writes one stream per snapshot, in Flink's format.
 */
package io.qaexchange.state.snapshot;
