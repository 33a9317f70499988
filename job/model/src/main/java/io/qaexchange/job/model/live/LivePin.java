package io.qaexchange.job.model.live;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * The pinned state of a subtask. Immutable.
 *
 * @param pinId its number, for scans
 * @param subtask the subtask
 * @param archiveEpoch archive epoch that the subtask runs in; for the state of a restored checkpoint still the running one
 * @param handedOver ordinal of the last file that the subtask had handed over in this epoch
 * @param unpublished batches that were handed over and not yet seen in the manifest
 * @param sequence sequence number of the engine
 * @param pinnedAtMs moment of the pin, or of the barrier, ms since 1970
 * @param checkpointId the Flink checkpoint, {@link LiveRequest#LIVE} for none
 * @param offsets how far the subtask had read each partition
 * @param heldCheckpoints Flink checkpoints that the subtask can show, ascending
 */
public record LivePin(long pinId, int subtask, String archiveEpoch, long handedOver, List<String> unpublished, long sequence, long pinnedAtMs,
        long checkpointId, List<PartitionOffset> offsets, List<Long> heldCheckpoints) {

    public LivePin {
        unpublished = List.copyOf(unpublished);
        offsets = List.copyOf(offsets);
        heldCheckpoints = List.copyOf(heldCheckpoints);
    }

    /** Writes the fields in their order; lists with their length before them. */
    public void write(DataOutput out) throws IOException {
        out.writeLong(pinId);
        out.writeInt(subtask);
        out.writeUTF(archiveEpoch);
        out.writeLong(handedOver);
        out.writeInt(unpublished.size());
        for (String batch : unpublished) {
            out.writeUTF(batch);
        }
        out.writeLong(sequence);
        out.writeLong(pinnedAtMs);
        out.writeLong(checkpointId);
        out.writeInt(offsets.size());
        for (PartitionOffset offset : offsets) {
            out.writeUTF(offset.topic());
            out.writeInt(offset.partition());
            out.writeLong(offset.offset());
        }
        out.writeInt(heldCheckpoints.size());
        for (long held : heldCheckpoints) {
            out.writeLong(held);
        }
    }

    /** Reads what {@link #write} wrote. */
    public static LivePin read(DataInput in) throws IOException {
        long pinId = in.readLong();
        int subtask = in.readInt();
        String archiveEpoch = in.readUTF();
        long handedOver = in.readLong();
        List<String> unpublished = new ArrayList<>();
        for (int i = in.readInt(); i > 0; i--) {
            unpublished.add(in.readUTF());
        }
        long sequence = in.readLong();
        long pinnedAtMs = in.readLong();
        long checkpointId = in.readLong();
        List<PartitionOffset> offsets = new ArrayList<>();
        for (int i = in.readInt(); i > 0; i--) {
            offsets.add(new PartitionOffset(in.readUTF(), in.readInt(), in.readLong()));
        }
        List<Long> held = new ArrayList<>();
        for (int i = in.readInt(); i > 0; i--) {
            held.add(in.readLong());
        }
        return new LivePin(pinId, subtask, archiveEpoch, handedOver, unpublished, sequence, pinnedAtMs, checkpointId, offsets, held);
    }
}
