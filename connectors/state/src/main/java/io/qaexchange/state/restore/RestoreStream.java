package io.qaexchange.state.restore;

import java.io.IOException;
import java.util.Optional;
import org.apache.flink.core.fs.CloseableRegistry;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.runtime.state.PhysicalStateHandleID;
import org.apache.flink.runtime.state.StreamStateHandle;

/**
 * Reads checkpoint storage in blocks: Flink's streams of local files ask the system for every byte that is read singly, as the canonical
 * format's lengths are. Closed when the task is cancelled, which ends a read that hangs. One thread, but for {@link #close()}.
 */
final class RestoreStream extends FSDataInputStream {
    private static final int BLOCK_BYTES = 64 << 10;

    private final FSDataInputStream in;
    private final CloseableRegistry cancelled;
    private final byte[] block = new byte[BLOCK_BYTES];
    /** Next byte to hand out. */
    private int at;
    /** After the last byte that was read. */
    private int end;

    private RestoreStream(FSDataInputStream in, CloseableRegistry cancelled) {
        this.in = in;
        this.cancelled = cancelled;
    }

    /** @param cancelled closed when the task is cancelled */
    static RestoreStream open(StreamStateHandle handle, CloseableRegistry cancelled) throws IOException {
        FSDataInputStream in = handle.openInputStream();
        cancelled.registerCloseable(in);
        return new RestoreStream(in, cancelled);
    }

    /** The same bytes, read through streams like this one. It has no state of its own to discard. */
    static StreamStateHandle through(StreamStateHandle handle, CloseableRegistry cancelled) {
        return new Handle(handle, cancelled);
    }

    @Override
    public int read() throws IOException {
        if (at == end && !fill()) {
            return -1;
        }
        return block[at++] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        if (at == end) {
            if (length >= BLOCK_BYTES) {
                return in.read(bytes, offset, length);
            }
            if (length > 0 && !fill()) {
                return -1;
            }
        }
        int copied = Math.min(length, end - at);
        System.arraycopy(block, at, bytes, offset, copied);
        at += copied;
        return copied;
    }

    private boolean fill() throws IOException {
        at = 0;
        end = Math.max(0, in.read(block, 0, BLOCK_BYTES));
        return end > 0;
    }

    @Override
    public void seek(long position) throws IOException {
        long blockBegin = in.getPos() - end;
        if (position >= blockBegin && position <= blockBegin + end) {
            at = (int) (position - blockBegin);
        } else {
            in.seek(position);
            at = 0;
            end = 0;
        }
    }

    @Override
    public long getPos() throws IOException {
        return in.getPos() - (end - at);
    }

    @Override
    public void close() throws IOException {
        cancelled.unregisterCloseable(in);
        in.close();
    }

    private record Handle(StreamStateHandle real, CloseableRegistry cancelled) implements StreamStateHandle {
        private static final long serialVersionUID = 1L;

        @Override
        public FSDataInputStream openInputStream() throws IOException {
            return open(real, cancelled);
        }

        @Override
        public Optional<byte[]> asBytesIfInMemory() {
            return real.asBytesIfInMemory();
        }

        @Override
        public PhysicalStateHandleID getStreamStateHandleID() {
            return real.getStreamStateHandleID();
        }

        @Override
        public void discardState() {
            // It is owned by the code that restores from it.
        }

        @Override
        public long getStateSize() {
            return real.getStateSize();
        }
    }
}
