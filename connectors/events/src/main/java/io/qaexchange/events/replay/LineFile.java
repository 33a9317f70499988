package io.qaexchange.events.replay;

import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import io.qaexchange.events.EventSchema;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/**
 * A text file read line by line as bytes, decompressed by its ending. Lines end with LF or CR LF; a byte order mark in front is
 * skipped. A line longer than {@link EventSchema#MAX_MESSAGE_BYTES} is read over and given as {@link #TOO_LONG}. One thread.
 */
final class LineFile implements AutoCloseable {

    /** Stands for a line that was too long to keep. */
    static final byte[] TOO_LONG = new byte[0];

    private static final int BUFFER_BYTES = 1 << 16;
    private static final String GZIP = ".gz";
    private static final String ZSTD = ".zst";
    /** Endings of compressed files, in any case. */
    private static final String[] COMPRESSED = {GZIP, ZSTD, ".GZ", ".ZST"};
    /** The greatest window that zstd --ultra --long=31 writes. */
    private static final int MAX_WINDOW_LOG = 31;

    private final Path path;
    private final String name;
    private final InputStream in;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int at;
    private int end;
    private byte[] line = new byte[256];
    private long number;
    private boolean carriageReturn;
    private final Deque<byte[]> putBack = new ArrayDeque<>();

    private LineFile(Path path, InputStream in) {
        this.path = path;
        this.name = nameOf(path);
        this.in = in;
    }

    static LineFile open(Path path) {
        try {
            InputStream raw = new BufferedInputStream(Files.newInputStream(path), BUFFER_BYTES);
            try {
                return new LineFile(path, decompressed(raw, path.getFileName().toString().toLowerCase(Locale.ROOT)));
            } catch (IOException e) {
                raw.close();
                throw e;
            }
        } catch (NoSuchFileException e) {
            throw new ReplayException(path + ": file not found", e);
        } catch (IOException e) {
            throw new ReplayException(path + ": not readable: " + e.getMessage(), e);
        }
    }

    /** An empty file holds nothing, however it is called. */
    private static InputStream decompressed(InputStream raw, String fileName) throws IOException {
        raw.mark(1);
        if (raw.read() < 0) {
            return raw;
        }
        raw.reset();
        if (fileName.endsWith(GZIP)) {
            return new GZIPInputStream(raw, BUFFER_BYTES);
        }
        return fileName.endsWith(ZSTD) ? new ZstdInputStreamNoFinalizer(raw).setLongMax(MAX_WINDOW_LOG) : raw;
    }

    /** A file's name without folder and without the ending of its compression, so that packing a file changes no identity. */
    static String nameOf(Path path) {
        String name = path.getFileName().toString();
        for (String ending : COMPRESSED) {
            if (name.toLowerCase(Locale.ROOT).endsWith(ending)) {
                return name.substring(0, name.length() - ending.length());
            }
        }
        return name;
    }

    /** The file of that name in that folder, plain or compressed; null if there is none. */
    static Path find(Path folder, String name) {
        Path plain = folder.resolve(name);
        if (Files.exists(plain)) {
            return plain;
        }
        for (String ending : COMPRESSED) {
            Path compressed = folder.resolve(name + ending);
            if (Files.exists(compressed)) {
                return compressed;
            }
        }
        return null;
    }

    String name() {
        return name;
    }

    /** Number of the line that {@link #next} gave last, from 1. */
    long number() {
        return number;
    }

    /** The next line without its end, {@link #TOO_LONG}, or null at the end of the file. */
    byte[] next() {
        if (!putBack.isEmpty()) {
            number++;
            return putBack.remove();
        }
        int length = 0;
        boolean any = false;
        boolean tooLong = false;
        while (true) {
            if (at == end && !fill()) {
                break;
            }
            any = true;
            int from = at;
            while (at < end && buffer[at] != '\n') {
                at++;
            }
            int part = at - from;
            tooLong |= length + part > EventSchema.MAX_MESSAGE_BYTES;
            if (!tooLong) {
                if (line.length < length + part) {
                    line = Arrays.copyOf(line, Math.max(2 * line.length, length + part));
                }
                System.arraycopy(buffer, from, line, length, part);
                length += part;
            }
            if (at < end) {
                at++;
                break;
            }
        }
        if (!any) {
            return null;
        }
        number++;
        return tooLong ? TOO_LONG : trimmed(length);
    }

    /** The end of the line that {@link #next} gave last. */
    String lineEnd() {
        return carriageReturn ? "\r\n" : "\n";
    }

    /** Gives lines once more that were read, the last ones. */
    void putBack(List<byte[]> lines) {
        for (int i = lines.size() - 1; i >= 0; i--) {
            putBack.addFirst(lines.get(i));
        }
        number -= lines.size();
    }

    private byte[] trimmed(int length) {
        int from = number == 1 && length >= 3 && line[0] == (byte) 0xEF && line[1] == (byte) 0xBB && line[2] == (byte) 0xBF ? 3 : 0;
        carriageReturn = length > from && line[length - 1] == '\r';
        int to = carriageReturn ? length - 1 : length;
        return Arrays.copyOfRange(line, from, to);
    }

    private boolean fill() {
        try {
            at = 0;
            end = Math.max(0, in.read(buffer, 0, buffer.length));
            return end > 0;
        } catch (IOException e) {
            throw new ReplayException(path + " line " + (number + 1) + ": cannot be read further: " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        try {
            in.close();
        } catch (IOException e) {
            throw new ReplayException(path + ": did not close: " + e.getMessage(), e);
        }
    }
}
