package io.qaexchange.job.model.store;

import java.io.IOException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.memory.DataInputDeserializer;
import org.apache.flink.core.memory.DataOutputSerializer;

/**
 * Bytes of an {@link InstrumentState}. Numbers are big-endian; times are ns since 1970, {@link Long#MIN_VALUE} for none.
 *
 * <pre>
 *   format version u8 = 2; version 1 has no archived bytes
 *   clock i64 · archive watermark i64 · drop watermark i64 · last arrival i64 (ms) · late generation i32
 *   stored i64 · duplicates i64 · dead letters i64 · archived i64 · archived bytes i64
 *   hours i32, each: hour since 1970 i64 · unarchived bytes i64
 *   late generations i32, each: number i32 · rows i64 · bytes i64 · newest event time i64
 *   open range u8 (0 or 1); if 1: range · length u8 · bit set of the record codes that are handed over
 *   batches i32, each: batch id UTF · record code u8 · trading day i32 · range
 *   range: from i64 · to i64 · first late generation i32 · last late generation i32
 * </pre>
 */
final class InstrumentStateFormat {

    private static final int VERSION = 2;
    private static final int WITHOUT_ARCHIVED_BYTES = 1;
    private static final int USUAL_BYTES = 192;

    private InstrumentStateFormat() {
    }

    static byte[] write(InstrumentState state) {
        DataOutputSerializer out = new DataOutputSerializer(USUAL_BYTES);
        try {
            write(state, out);
        } catch (IOException e) {
            throw new IllegalStateException("writing to memory failed", e);
        }
        return out.getCopyOfBuffer();
    }

    private static void write(InstrumentState state, DataOutputSerializer out) throws IOException {
        HotColdBoundary boundary = state.boundary;
        out.writeByte(VERSION);
        out.writeLong(state.clockNs);
        out.writeLong(boundary.archiveWatermarkNs());
        out.writeLong(state.dropWatermarkNs);
        out.writeLong(state.lastArrivalMs);
        out.writeInt(boundary.lateGeneration());
        out.writeLong(state.stored);
        out.writeLong(state.duplicates);
        out.writeLong(state.deadLetters);
        out.writeLong(state.archived);
        out.writeLong(state.archivedBytes);
        Map<Long, Long> hours = state.unarchived.byHour();
        out.writeInt(hours.size());
        for (Map.Entry<Long, Long> hour : hours.entrySet()) {
            out.writeLong(hour.getKey());
            out.writeLong(hour.getValue());
        }
        out.writeInt(state.lateGenerations.size());
        for (LateGeneration late : state.lateGenerations) {
            out.writeInt(late.number());
            out.writeLong(late.rows());
            out.writeLong(late.bytes());
            out.writeLong(late.maxEventTimeNs());
        }
        HotColdBoundary.Range open = boundary.open();
        out.writeBoolean(open != null);
        if (open != null) {
            writeRange(out, open.fromNs(), open.toNs(), open.lateFrom(), open.lateTo());
            byte[] bits = open.tables().toByteArray();
            out.writeByte(bits.length);
            out.write(bits);
        }
        out.writeInt(boundary.handedOver().size());
        for (HotColdBoundary.Batch batch : boundary.handedOver()) {
            out.writeUTF(batch.batchId());
            out.writeByte(batch.recordCode());
            out.writeInt(batch.tradingDay());
            writeRange(out, batch.fromNs(), batch.toNs(), batch.lateFrom(), batch.lateTo());
        }
    }

    private static void writeRange(DataOutputSerializer out, long fromNs, long toNs, int lateFrom, int lateTo) throws IOException {
        out.writeLong(fromNs);
        out.writeLong(toNs);
        out.writeInt(lateFrom);
        out.writeInt(lateTo);
    }

    static InstrumentState read(byte[] bytes) throws IOException {
        DataInputDeserializer in = new DataInputDeserializer(bytes);
        int version = in.readByte();
        if (version != VERSION && version != WITHOUT_ARCHIVED_BYTES) {
            throw new IOException("instrument state has format version " + version + ", this build reads " + WITHOUT_ARCHIVED_BYTES + " and " + VERSION);
        }
        InstrumentState state = new InstrumentState(RowHints.unknown());
        state.clockNs = in.readLong();
        long archiveWatermarkNs = in.readLong();
        state.dropWatermarkNs = in.readLong();
        state.lastArrivalMs = in.readLong();
        int lateGeneration = in.readInt();
        state.stored = in.readLong();
        state.duplicates = in.readLong();
        state.deadLetters = in.readLong();
        state.archived = in.readLong();
        if (version == WITHOUT_ARCHIVED_BYTES) {
            state.archivedBytes = state.archived == 0 ? 0 : InstrumentState.UNKNOWN;
        } else {
            state.archivedBytes = in.readLong();
        }
        for (int i = in.readInt(); i > 0; i--) {
            state.unarchived.restore(in.readLong(), in.readLong());
        }
        for (int i = in.readInt(); i > 0; i--) {
            state.lateGenerations.add(new LateGeneration(in.readInt(), in.readLong(), in.readLong(), in.readLong()));
        }
        HotColdBoundary.Range open = null;
        if (in.readBoolean()) {
            long fromNs = in.readLong();
            long toNs = in.readLong();
            int lateFrom = in.readInt();
            int lateTo = in.readInt();
            byte[] bits = new byte[in.readByte()];
            in.readFully(bits);
            open = new HotColdBoundary.Range(fromNs, toNs, lateFrom, lateTo, BitSet.valueOf(bits));
        }
        List<HotColdBoundary.Batch> handedOver = new ArrayList<>();
        for (int i = in.readInt(); i > 0; i--) {
            handedOver.add(new HotColdBoundary.Batch(in.readUTF(), in.readByte(), in.readInt(), in.readLong(), in.readLong(), in.readInt(),
                    in.readInt()));
        }
        state.boundary = new HotColdBoundary(archiveWatermarkNs, lateGeneration, open, handedOver);
        return state;
    }
}
