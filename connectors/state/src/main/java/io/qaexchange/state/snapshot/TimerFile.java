package io.qaexchange.state.snapshot;

import java.io.IOException;
import java.util.List;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;
import org.apache.flink.runtime.state.KeyGroupRange;
import org.apache.flink.runtime.state.heap.HeapPriorityQueueStateSnapshot;

/**
 * The file {@code TIMERS} of a checkpoint: timers that are on the heap.
 *
 * <p>Layout, big-endian, of each queue in the order of the meta information: for each timer, its length as an int (at least 1) and its
 * bytes, which are the key group and the serialized element, as in canonical savepoints; then an int 0. Magic and version as longs
 * and ints stand at the beginning.
 */
public final class TimerFile {
    public static final String NAME = "TIMERS";

    private static final long MAGIC = 0x514154494D455253L;
    private static final int VERSION = 1;

    /** Takes timers. */
    @FunctionalInterface
    public interface Sink {
        /** @param bytes key group and element */
        void add(byte[] bytes) throws IOException;
    }

    private TimerFile() {
    }

    static void write(List<HeapPriorityQueueStateSnapshot<?>> queues, KeyGroupRange keyGroups, int keyGroupBytes, DataOutputView out)
            throws IOException {
        out.writeLong(MAGIC);
        out.writeInt(VERSION);
        for (HeapPriorityQueueStateSnapshot<?> queue : queues) {
            try (QueueEntries<?> entries = new QueueEntries<>(queue, keyGroups, keyGroupBytes)) {
                for (; entries.keyGroup() != StateEntries.NONE; entries.next()) {
                    out.writeInt(entries.key().length);
                    out.write(entries.key());
                }
            }
            out.writeInt(0);
        }
    }

    /** Checks the head; then {@link #readQueue} is called once for each queue. */
    public static void readHead(DataInputView in) throws IOException {
        long magic = in.readLong();
        int version = in.readInt();
        if (magic != MAGIC || version > VERSION) {
            throw new IOException(magic != MAGIC ? "the file " + NAME + " of the checkpoint holds something else"
                    : "the file " + NAME + " of the checkpoint has format " + version + ", this build reads up to " + VERSION
                            + ": restore with the build that wrote it, or a later one");
        }
    }

    public static void readQueue(DataInputView in, Sink sink) throws IOException {
        for (int length = in.readInt(); length != 0; length = in.readInt()) {
            if (length < 0) {
                throw new IOException("the file " + NAME + " of the checkpoint is damaged: a timer of " + length + " bytes");
            }
            byte[] bytes = new byte[length];
            in.readFully(bytes);
            sink.add(bytes);
        }
    }
}
