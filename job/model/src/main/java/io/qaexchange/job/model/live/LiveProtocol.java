package io.qaexchange.job.model.live;

/**
 * The protocol between a read endpoint in a TaskManager and a reader: frames over one TCP (or TLS) connection, one request at a time.
 *
 * <pre>
 *   reader → endpoint   magic u32 "QALV" · version u8 · secret UTF
 *   endpoint → reader   0 u8, or 1 u8 · reason UTF and the end of the connection
 *
 *   request             op u8 · body as {@link LiveRequest} writes it
 *   answer              frames: kind u8 · length i32 · body
 *     DATA              rows, each: length i32 · stored bytes as {@code StoredEvent} has them
 *     VALUE             one value, as {@link LivePin}, a statistics text or {@code FileBars} writes it
 *     END               the answer is complete: rows i64
 *     ERROR             code UTF · message UTF; the connection can be used again
 * </pre>
 *
 * <p>Numbers are big-endian. An answer without its END or ERROR frame is not an answer: the reader fails.
 */
public final class LiveProtocol {

    public static final int MAGIC = 0x51414C56;
    public static final int VERSION = 2;

    /** Frames. */
    public static final int DATA = 1;
    public static final int VALUE = 2;
    public static final int END = 3;
    public static final int ERROR = 4;

    /** A frame holds about this many bytes of rows. */
    public static final int BLOCK_BYTES = 256 << 10;
    /** A longer frame is damaged. */
    public static final int MAX_FRAME_BYTES = 64 << 20;

    /** The task has ended or another one has its state now: ask the coordinator again. */
    public static final String GONE = "gone";
    /** The Flink checkpoint that was asked for is not held. */
    public static final String NOT_HELD = "checkpoint-not-held";
    /** Too many pins or scans: try again later. */
    public static final String BUSY = "busy";
    /** The request cannot be understood. */
    public static final String BAD_REQUEST = "bad-request";
    /** Reading failed. */
    public static final String FAILED = "failed";

    private LiveProtocol() {
    }
}
