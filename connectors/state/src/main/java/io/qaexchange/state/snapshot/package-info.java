/**
 * Snapshots of an operator's states. {@link io.qaexchange.state.snapshot.IncrementalSnapshotStrategy} uploads the files of a checkpoint or
 * native savepoint; {@link io.qaexchange.state.snapshot.FullSnapshot} is every state at one moment in the form of Flink's canonical
 * savepoint.
 *
 * <table>
 * <caption>Files of a checkpoint</caption>
 * <tr><th>file</th><th>format</th></tr>
 * <tr><td>{@code *.sst}</td><td>the engine's sstables</td></tr>
 * <tr><td>{@code <first>-<last>-<checkpoint>.piece}</td><td>a log piece: an uploaded range of the log; the engine's format</td></tr>
 * <tr><td>{@code CHECKPOINT}</td><td>what belongs to the checkpoint; the engine's format</td></tr>
 * <tr><td>{@code TIMERS}</td><td>timers that are on the heap, see {@link io.qaexchange.state.snapshot.TimerFile}</td></tr>
 * <tr><td>the handle's metadata</td><td>names and serializers of states, Flink's {@code KeyedBackendSerializationProxy}</td></tr>
 * </table>
 */
package io.qaexchange.state.snapshot;
