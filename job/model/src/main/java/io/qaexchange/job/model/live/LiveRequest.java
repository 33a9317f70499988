package io.qaexchange.job.model.live;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import javax.annotation.Nullable;

/** A request of {@link LiveProtocol}. Immutable. */
public sealed interface LiveRequest {

    /** No checkpoint: the state as it is now. */
    long LIVE = -1;

    /** Writes its op and body. */
    void write(DataOutput out) throws IOException;

    /**
     * Reads the next request.
     *
     * @throws LiveException if its op is unknown
     */
    static LiveRequest read(DataInput in) throws IOException {
        int op = in.readUnsignedByte();
        return switch (op) {
            case Pin.OP -> Pin.readBody(in);
            case Scan.OP -> Scan.readBody(in, null, false);
            case Scan.OP_CONTAINING -> Scan.readBody(in, in.readUTF(), false);
            case Scan.OP_WITH_TIES -> Scan.readBody(in, null, true);
            case Bars.OP -> Bars.readBody(in);
            case Release.OP -> new Release(in.readLong());
            case Statistics.OP -> new Statistics(in.readInt());
            case OfInstruments.OP -> new OfInstruments(in.readInt());
            case Compact.OP -> Compact.readBody(in);
            default -> throw new LiveException(LiveProtocol.BAD_REQUEST, "unknown request " + op);
        };
    }

    /**
     * Pins the state of subtasks. The answer is a {@link LivePin} for each, in this order.
     *
     * @param subtasks the subtasks, all of this TaskManager
     * @param checkpointId a Flink checkpoint that is held, or {@link #LIVE}
     */
    record Pin(List<Subtask> subtasks, long checkpointId) implements LiveRequest {
        static final int OP = 1;

        /**
         * A subtask as the coordinator announced it.
         *
         * @param incarnation random number of this attempt: another attempt refuses
         */
        public record Subtask(int index, long incarnation) {
        }

        public Pin {
            subtasks = List.copyOf(subtasks);
        }

        @Override
        public void write(DataOutput out) throws IOException {
            out.writeByte(OP);
            out.writeInt(subtasks.size());
            for (Subtask subtask : subtasks) {
                out.writeInt(subtask.index());
                out.writeLong(subtask.incarnation());
            }
            out.writeLong(checkpointId);
        }

        private static Pin readBody(DataInput in) throws IOException {
            List<Subtask> subtasks = new ArrayList<>();
            for (int i = boundedCount(in.readInt()); i > 0; i--) {
                subtasks.add(new Subtask(in.readInt(), in.readLong()));
            }
            return new Pin(subtasks, in.readLong());
        }
    }

    /**
     * Reads the hot rows of a pin, of one record type. The answer is DATA frames.
     *
     * @param pinId the pin
     * @param recordCode code of the record type
     * @param routeKey the only route key; null for all of the subtask
     * @param fromNs event times from here, inclusive
     * @param toNs up to here, exclusive
     * @param descending newest first, within each route key
     * @param limit most rows
     * @param mostPerKey most rows of each route key; with a descending order 1 gives the newest of each
     * @param published batches that the reader reads from the archive; null to read every row that the state holds, archived or not
     * @param containing only rows whose stored bytes contain this text in UTF-8; null for all. Endpoints of older releases refuse it
     * @param withTies the answer holds the first rows by event time up to the limit, all others of the time of the last of them, and maybe more, in no order: late rows come
     *     last. For one route key, and not with {@code containing}. Endpoints of older releases refuse it
     */
    record Scan(long pinId, int recordCode, @Nullable String routeKey, long fromNs, long toNs, boolean descending, long limit, long mostPerKey,
            @Nullable Set<String> published, @Nullable String containing, boolean withTies) implements LiveRequest, Serializable {
        static final int OP = 2;
        /** As {@link #OP}, with the text that rows contain before it. */
        static final int OP_CONTAINING = 7;
        static final int OP_WITH_TIES = 8;

        public Scan {
            if (withTies && (containing != null || routeKey == null)) {
                throw new IllegalArgumentException("the first rows with ties are those of one route key, whatever they contain");
            }
            published = published == null ? null : Set.copyOf(published);
        }

        @Override
        public void write(DataOutput out) throws IOException {
            out.writeByte(withTies ? OP_WITH_TIES : containing == null ? OP : OP_CONTAINING);
            if (containing != null) {
                out.writeUTF(containing);
            }
            writeBody(out);
        }

        private void writeBody(DataOutput out) throws IOException {
            out.writeLong(pinId);
            out.writeByte(recordCode);
            out.writeBoolean(routeKey != null);
            if (routeKey != null) {
                out.writeUTF(routeKey);
            }
            out.writeLong(fromNs);
            out.writeLong(toNs);
            out.writeBoolean(descending);
            out.writeLong(limit);
            out.writeLong(mostPerKey);
            out.writeInt(published == null ? -1 : published.size());
            if (published != null) {
                for (String batch : published) {
                    out.writeUTF(batch);
                }
            }
        }

        private static Scan readBody(DataInput in, @Nullable String containing, boolean withTies) throws IOException {
            long pinId = in.readLong();
            int recordCode = in.readUnsignedByte();
            String routeKey = in.readBoolean() ? in.readUTF() : null;
            long fromNs = in.readLong();
            long toNs = in.readLong();
            boolean descending = in.readBoolean();
            long limit = in.readLong();
            long mostPerKey = in.readLong();
            int count = in.readInt();
            Set<String> published = null;
            if (count >= 0) {
                published = new HashSet<>();
                for (int i = boundedCount(count); i > 0; i--) {
                    published.add(in.readUTF());
                }
            }
            if (withTies && routeKey == null) {
                throw new LiveException(LiveProtocol.BAD_REQUEST, "the first rows with ties are those of one route key, and none is named");
            }
            return new Scan(pinId, recordCode, routeKey, fromNs, toNs, descending, limit, mostPerKey, published, containing, withTies);
        }
    }

    /**
     * Reads bars of the rows of a scan, all of them: its order and limits do not count. The answer is VALUEs, each with partial bars of a trading day as
     * {@code FileBars} has them; those of an instrument and time add up. Endpoints of older releases refuse it.
     *
     * @param rows the rows, of a record type with prices; whatever they contain
     * @param widthSeconds width of the bars, from 1 to {@value #MOST_SECONDS}; they begin at multiples of it since 1970
     */
    record Bars(Scan rows, int widthSeconds) implements LiveRequest {
        static final int OP = 9;
        static final int MOST_SECONDS = 86_400;

        public Bars {
            if (widthSeconds < 1 || widthSeconds > MOST_SECONDS || rows.containing() != null || rows.withTies()) {
                throw new IllegalArgumentException("bars of " + widthSeconds + " s of " + rows);
            }
        }

        @Override
        public void write(DataOutput out) throws IOException {
            out.writeByte(OP);
            out.writeInt(widthSeconds);
            rows.writeBody(out);
        }

        private static Bars readBody(DataInput in) throws IOException {
            int widthSeconds = in.readInt();
            Scan rows = Scan.readBody(in, null, false);
            if (widthSeconds < 1 || widthSeconds > MOST_SECONDS) {
                throw new LiveException(LiveProtocol.BAD_REQUEST, "bars of " + widthSeconds + " s");
            }
            return new Bars(rows, widthSeconds);
        }
    }

    /** Releases a pin. Releasing one that is gone is no error. */
    record Release(long pinId) implements LiveRequest {
        static final int OP = 3;

        @Override
        public void write(DataOutput out) throws IOException {
            out.writeByte(OP);
            out.writeLong(pinId);
        }
    }

    /** Asks for the statistics of a subtask: one VALUE, a JSON object. */
    record Statistics(int subtask) implements LiveRequest {
        static final int OP = 4;

        @Override
        public void write(DataOutput out) throws IOException {
            out.writeByte(OP);
            out.writeInt(subtask);
        }
    }

    /** Asks for the numbers of each instrument of a subtask: VALUEs, each with a count i32 and so many {@link InstrumentStatistics}. */
    record OfInstruments(int subtask) implements LiveRequest {
        static final int OP = 5;

        @Override
        public void write(DataOutput out) throws IOException {
            out.writeByte(OP);
            out.writeInt(subtask);
        }
    }

    /**
     * Starts a compaction of the rows that a subtask stores, or ends the one that was started so. The answer is empty: {@link Statistics} tell how
     * far it is.
     *
     * @param start whether it is started, else it is ended
     * @param routeKey instrument whose rows are compacted; null for all rows
     */
    record Compact(int subtask, boolean start, @Nullable String routeKey) implements LiveRequest {
        static final int OP = 6;

        private static Compact readBody(DataInput in) throws IOException {
            int subtask = in.readInt();
            boolean start = in.readBoolean();
            String routeKey = in.readUTF();
            return new Compact(subtask, start, routeKey.isEmpty() ? null : routeKey);
        }

        @Override
        public void write(DataOutput out) throws IOException {
            out.writeByte(OP);
            out.writeInt(subtask);
            out.writeBoolean(start);
            out.writeUTF(routeKey == null ? "" : routeKey);
        }
    }

    private static int boundedCount(int count) throws LiveException {
        if (count < 0 || count > 1 << 20) {
            throw new LiveException(LiveProtocol.BAD_REQUEST, "a request with " + count + " entries");
        }
        return count;
    }
}
