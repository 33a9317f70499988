package io.qaexchange.state.timers;

import io.qaexchange.storage.ColumnFamily;
import java.io.IOException;
import java.util.List;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.runtime.state.KeyGroupedInternalPriorityQueue;
import org.apache.flink.runtime.state.Keyed;
import org.apache.flink.runtime.state.PriorityComparable;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueElement;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueStateSnapshot;
import org.apache.flink.runtime.state.metainfo.StateMetaInfoSnapshot;

/**
 * An operator's timer queues by name, in the order in which they became known: restored ones first. One thread, the task thread.
 *
 * <p>A timer's bytes are its key group and its serialized element, as in canonical savepoints.
 */
public interface TimerQueues {
    /**
     * The queue of a name, empty if it is new.
     *
     * @param allowFutureUpdates whether the serializer may be exchanged again later
     */
    <T extends HeapPriorityQueueElement & PriorityComparable<? super T> & Keyed<?>> KeyGroupedInternalPriorityQueue<T> create(String name,
            TypeSerializer<T> elementSerializer, boolean allowFutureUpdates);

    /** Registers a queue of a snapshot; several snapshots may hold parts of one queue. */
    void restore(StateMetaInfoSnapshot metaInfo) throws IOException;

    /** Puts a timer of a snapshot into a queue that {@link #restore} has made known. */
    void add(String name, byte[] timer) throws IOException;

    /** Takes over timers of the queues made known that came into the store with a native snapshot. */
    void adoptStored() throws IOException;

    /** For each queue, what a snapshot says of it. */
    List<StateMetaInfoSnapshot> metaInfos();

    /** For each queue a copy, if they are on the heap; else none. */
    List<HeapPriorityQueueStateSnapshot<?>> copies();

    /** For each queue its family, if they are in the store; else none. */
    List<ColumnFamily> families();

    /** Whether the elements that an operator gets are its own, so that it may keep and change them. */
    boolean handsOutCopies();
}
