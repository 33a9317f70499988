package io.qaexchange.job.stream.live;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.job.model.live.InstrumentStatistics;
import io.qaexchange.job.model.live.LiveException;
import io.qaexchange.job.model.live.LivePin;
import io.qaexchange.job.model.live.LiveProtocol;
import io.qaexchange.job.model.live.LiveRequest;
import io.qaexchange.state.CheckpointNotHeldException;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.error.StoreException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One reader's connection: see {@link LiveProtocol}. A scan reads a block of rows, gives its turn back, and then writes the block, or adds its rows to bars; so a
 * reader that takes no rows holds up nobody.
 *
 * <p>One thread.
 */
final class LiveConnection implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(LiveConnection.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int HANDSHAKE_MS = 10_000;
    private static final int BUFFER_BYTES = 64 << 10;
    private static final long TURN_S = 10;
    private static final int INSTRUMENTS_OF_FRAME = 2_048;
    /** Each takes about 200 bytes. */
    private static final int BARS_OF_FRAME = 16_384;

    private final Socket socket;
    private final LiveEndpoint endpoint;
    private DataOutputStream out;

    LiveConnection(Socket socket, LiveEndpoint endpoint) {
        this.socket = socket;
        this.endpoint = endpoint;
    }

    @Override
    public void run() {
        try (socket) {
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(HANDSHAKE_MS);
            DataInputStream in = new DataInputStream(new BufferedInputStream(socket.getInputStream(), BUFFER_BYTES));
            out = new DataOutputStream(new BufferedOutputStream(socket.getOutputStream(), BUFFER_BYTES));
            if (!shakeHands(in)) {
                return;
            }
            socket.setSoTimeout(0);
            while (true) {
                answer(LiveRequest.read(in));
                out.flush();
            }
        } catch (EOFException e) {
            LOG.debug("live reads: {} has closed its connection", socket.getRemoteSocketAddress());
        } catch (IOException e) {
            LOG.debug("live reads: the connection of {} has ended", socket.getRemoteSocketAddress(), e);
        }
    }

    private boolean shakeHands(DataInputStream in) throws IOException {
        String refusal = null;
        if (in.readInt() != LiveProtocol.MAGIC) {
            return false;
        }
        int version = in.readUnsignedByte();
        if (version != LiveProtocol.VERSION) {
            refusal = "the reader speaks version " + version + " of live reads, this job version " + LiveProtocol.VERSION
                    + ". Use the commands of the same release";
        } else if (!endpoint.isSecret(in.readUTF())) {
            refusal = "wrong secret";
        }
        out.writeByte(refusal == null ? 0 : 1);
        if (refusal != null) {
            out.writeUTF(refusal);
        }
        out.flush();
        return refusal == null;
    }

    private void answer(LiveRequest request) throws IOException {
        try {
            if (request instanceof LiveRequest.Pin pin) {
                pin(pin);
            } else if (request instanceof LiveRequest.Scan scan) {
                scan(scan);
            } else if (request instanceof LiveRequest.Bars bars) {
                bars(bars);
            } else if (request instanceof LiveRequest.Release release) {
                endpoint.pins().release(release.pinId());
                end(0);
            } else if (request instanceof LiveRequest.Statistics statistics) {
                statistics(statistics);
            } else if (request instanceof LiveRequest.Compact compact) {
                compact(compact);
            } else if (request instanceof LiveRequest.OfInstruments of) {
                ofInstruments(of);
            }
        } catch (LiveException e) {
            error(e.code(), e.getMessage());
        } catch (CheckpointNotHeldException e) {
            error(LiveProtocol.NOT_HELD, e.getMessage());
        } catch (StoreClosedException e) {
            error(LiveProtocol.GONE, e.getMessage());
        } catch (StoreException | RuntimeException e) {
            LOG.warn("live reads: {} failed", request, e);
            error(LiveProtocol.FAILED, e.toString());
        }
    }

    private void pin(LiveRequest.Pin request) throws IOException {
        List<LivePin> pins = new ArrayList<>();
        try {
            for (LiveRequest.Pin.Subtask subtask : request.subtasks()) {
                LiveEndpoint.Served served = endpoint.find(subtask.incarnation());
                if (served == null || served.index() != subtask.index()) {
                    throw new LiveException(LiveProtocol.GONE, "this attempt of subtask " + subtask.index() + " has ended");
                }
                pins.add(endpoint.pins().pin(served.service(), request.checkpointId()).pin());
            }
        } catch (IOException | RuntimeException e) {
            pins.forEach(pin -> endpoint.pins().release(pin.pinId()));
            throw e;
        }
        for (LivePin pin : pins) {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            pin.write(new DataOutputStream(bytes));
            frame(LiveProtocol.VALUE, bytes.toByteArray());
        }
        end(pins.size());
    }

    private void scan(LiveRequest.Scan request) throws IOException {
        endpoint.pins().use(request.pinId(), (service, pinned) -> {
            HotRowScan scan = service.scan(pinned, request);
            RowFrame frame = new RowFrame();
            long rows = 0;
            boolean more = true;
            while (more) {
                frame.reset();
                Semaphore scans = endpoint.scans();
                takeTurn(scans);
                try {
                    while (more && frame.size() < LiveProtocol.BLOCK_BYTES) {
                        more = scan.next(frame);
                    }
                } finally {
                    scans.release();
                }
                rows += frame.rows;
                if (frame.rows > 0) {
                    out.writeByte(LiveProtocol.DATA);
                    out.writeInt(frame.size());
                    frame.writeTo(out);
                    out.flush();
                }
            }
            end(rows);
        });
    }

    private void bars(LiveRequest.Bars request) throws IOException {
        endpoint.pins().use(request.rows().pinId(), (service, pinned) -> {
            HotBars bars = service.bars(pinned, request);
            boolean more = true;
            while (more) {
                Semaphore scans = endpoint.scans();
                takeTurn(scans);
                try {
                    more = bars.next();
                } finally {
                    scans.release();
                }
                if (!more || bars.size() >= BARS_OF_FRAME) {
                    for (byte[] ofDay : bars.take()) {
                        frame(LiveProtocol.VALUE, ofDay);
                    }
                }
            }
            end(bars.rows());
        });
    }

    private static void takeTurn(Semaphore scans) throws IOException {
        try {
            if (!scans.tryAcquire(TURN_S, TimeUnit.SECONDS)) {
                throw new LiveException(LiveProtocol.BUSY, "this TaskManager is reading for others. Try again in a moment");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LiveException(LiveProtocol.GONE, "the endpoint is being stopped");
        }
    }

    private void statistics(LiveRequest.Statistics request) throws IOException {
        frame(LiveProtocol.VALUE, JSON.writeValueAsBytes(served(request.subtask()).statistics()));
        end(1);
    }

    private void ofInstruments(LiveRequest.OfInstruments request) throws IOException {
        List<InstrumentStatistics> all = served(request.subtask()).ofInstruments();
        for (int from = 0; from < all.size(); from += INSTRUMENTS_OF_FRAME) {
            List<InstrumentStatistics> part = all.subList(from, Math.min(all.size(), from + INSTRUMENTS_OF_FRAME));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream body = new DataOutputStream(bytes);
            body.writeInt(part.size());
            for (InstrumentStatistics of : part) {
                of.write(body);
            }
            frame(LiveProtocol.VALUE, bytes.toByteArray());
        }
        end(all.size());
    }

    private void compact(LiveRequest.Compact request) throws IOException {
        HotRowService service = served(request.subtask());
        if (!request.start()) {
            service.cancelCompaction();
        } else if (!service.compact(request.routeKey())) {
            throw new LiveException(LiveProtocol.BUSY, "subtask " + request.subtask() + " is being compacted already");
        }
        end(0);
    }

    private HotRowService served(int subtask) throws LiveException {
        LiveEndpoint.Served served = endpoint.findSubtask(subtask);
        if (served == null) {
            throw new LiveException(LiveProtocol.GONE, "subtask " + subtask + " does not run here");
        }
        return served.service();
    }

    /** Rows of a DATA frame. */
    private static final class RowFrame extends ByteArrayOutputStream implements HotRowScan.Rows {
        private int rows;

        RowFrame() {
            super(LiveProtocol.BLOCK_BYTES + (64 << 10));
        }

        @Override
        public void reset() {
            super.reset();
            rows = 0;
        }

        /** Not through the methods of the stream: each of them locks it. */
        @Override
        public void accept(byte[] bytes, int offset, int length) {
            int row = count + Integer.BYTES;
            if (row + length > buf.length) {
                buf = Arrays.copyOf(buf, Math.max(2 * buf.length, row + length));
            }
            buf[count] = (byte) (length >>> 24);
            buf[count + 1] = (byte) (length >>> 16);
            buf[count + 2] = (byte) (length >>> 8);
            buf[count + 3] = (byte) length;
            System.arraycopy(bytes, offset, buf, row, length);
            count = row + length;
            rows++;
        }
    }

    private void frame(int kind, byte[] body) throws IOException {
        out.writeByte(kind);
        out.writeInt(body.length);
        out.write(body);
    }

    private void end(long rows) throws IOException {
        out.writeByte(LiveProtocol.END);
        out.writeInt(Long.BYTES);
        out.writeLong(rows);
    }

    private void error(String code, String message) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream body = new DataOutputStream(bytes);
        body.writeUTF(code);
        body.writeUTF(message == null ? "" : message.substring(0, Math.min(message.length(), 4096)));
        frame(LiveProtocol.ERROR, bytes.toByteArray());
    }
}
