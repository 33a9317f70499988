package io.qaexchange.events.replay;

import io.qaexchange.events.MalformedEventException;
import io.qaexchange.events.Rejection;
import io.qaexchange.events.RejectionReason;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.NoSuchElementException;

/** Base of readers of line files: a line becomes items, empty lines none, a line that is wrong a bad line. */
abstract class LineReader implements ReplayReader {

    private final LineFile file;
    private final Deque<ReplayItem> items = new ArrayDeque<>();

    LineReader(LineFile file) {
        this.file = file;
    }

    /**
     * Makes the items of a line by {@link #add}.
     *
     * @throws MalformedEventException if the line is no event
     */
    abstract void read(byte[] line);

    /** A line without any byte: nothing, unless the format counts on it. */
    void readEmpty() {
    }

    /** A line that was too long to keep. */
    void readTooLong() {
        bad(new Rejection(RejectionReason.TOO_LARGE, "line is longer than 4 MiB"));
    }

    /** Called after the last line, perhaps more than once. */
    void finish() {
    }

    final LineFile file() {
        return file;
    }

    final void add(ReplayItem item) {
        items.add(item);
    }

    final void addEvent(byte[] event) {
        addEvent(event, file.number());
    }

    /** An event that begins on an earlier line. */
    final void addEvent(byte[] event, long number) {
        items.add(new ReplayItem.Event(file.name(), number, event));
    }

    static String utf8(byte[] line) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedEventException(RejectionReason.INVALID_UTF8, "line is not valid UTF-8");
        }
    }

    @Override
    public final boolean hasNext() {
        while (items.isEmpty()) {
            byte[] line = file.next();
            if (line == null) {
                finish();
                return !items.isEmpty();
            }
            if (line == LineFile.TOO_LONG) {
                readTooLong();
            } else if (line.length == 0) {
                readEmpty();
            } else {
                try {
                    read(line);
                } catch (MalformedEventException e) {
                    bad(new Rejection(e.reason(), e.detail()));
                }
            }
        }
        return true;
    }

    final void bad(Rejection rejection) {
        items.add(new ReplayItem.BadLine(file.name(), file.number(), rejection));
    }

    @Override
    public final ReplayItem next() {
        if (!hasNext()) {
            throw new NoSuchElementException(file.name() + " has no more lines");
        }
        return items.remove();
    }

    @Override
    public void close() {
        file.close();
    }
}
