package io.qaexchange.storage.manifest;

import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.vfs.ReadableFile;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.vfs.WritableFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The file {@code CURRENT}: one line, {@code MANIFEST-NNNNNN crc32c=XXXXXXXX} while a store is open and after a crash. A store that was
 * closed notes where manifest and log end, so that one that lost its tail since is not taken for a crashed one:
 * {@code MANIFEST-NNNNNN closed manifest=BYTES wal=SEGMENT:BYTES crc32c=XXXXXXXX}. The checksum is of what stands before it. Replaced
 * by writing a file beside it, syncing that, renaming it and syncing the folder: there is always a whole one.
 */
public final class CurrentFile {
    public static final String NAME = "CURRENT";
    private static final String TEMPORARY = "CURRENT.tmp";
    private static final Pattern LINE = Pattern.compile(
            "(MANIFEST-(\\d{6,18})(?: closed manifest=(\\d{1,18}) wal=(\\d{1,18}):(\\d{1,18}))?) crc32c=([0-9a-f]{8})\n");

    /**
     * Where the files of a closed store end.
     *
     * @param manifestBytes size of the manifest
     * @param segment number of the last log segment, 0 if there never was one
     * @param segmentBytes its size
     */
    public record End(long manifestBytes, long segment, long segmentBytes) {}

    /** @param end null if the store was not closed */
    public record Contents(long manifestNumber, End end) {}

    private CurrentFile() {}

    public static String manifestName(long number) {
        return "MANIFEST-" + FileNames.digits(number);
    }

    /** Puts a manifest in force. */
    public static void write(Vfs vfs, Path directory, long manifestNumber) throws IOException {
        replace(vfs, directory, manifestName(manifestNumber));
    }

    /** Notes the end of manifest and log, both of which are synced, for the next opening to find. */
    public static void writeClosed(Vfs vfs, Path directory, long manifestNumber, End end) throws IOException {
        replace(vfs, directory, String.format("%s closed manifest=%d wal=%d:%d", manifestName(manifestNumber), end.manifestBytes(), end.segment(),
                end.segmentBytes()));
    }

    private static void replace(Vfs vfs, Path directory, String text) throws IOException {
        Path temporary = directory.resolve(TEMPORARY);
        if (vfs.exists(temporary)) {
            vfs.delete(temporary);
        }
        String line = String.format("%s crc32c=%08x\n", text, checksum(text));
        try (WritableFile file = vfs.create(temporary)) {
            file.append(ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII)));
            file.sync();
        }
        vfs.rename(temporary, directory.resolve(NAME));
        vfs.syncDirectory(directory);
    }

    private static int checksum(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        return Checksum.crc32c(bytes, 0, bytes.length);
    }

    /** The number of the manifest in force. */
    public static long read(Vfs vfs, Path directory) throws IOException {
        return readContents(vfs, directory).manifestNumber();
    }

    public static Contents readContents(Vfs vfs, Path directory) throws IOException {
        Path path = directory.resolve(NAME);
        byte[] bytes;
        try (ReadableFile file = vfs.open(path)) {
            if (file.size() > 128) {
                throw new CorruptionException("CURRENT is too long: size=" + file.size(), path, 128);
            }
            bytes = new byte[(int) file.size()];
            file.read(0, ByteBuffer.wrap(bytes));
        }
        Matcher line = LINE.matcher(new String(bytes, StandardCharsets.ISO_8859_1));
        if (!line.matches()) {
            throw new CorruptionException("CURRENT does not name a manifest", path, 0);
        }
        int expected = Integer.parseUnsignedInt(line.group(6), 16);
        int actual = checksum(line.group(1));
        if (expected != actual) {
            throw CorruptionException.checksum("CURRENT", path, 0, expected, actual);
        }
        End end = line.group(3) == null ? null : new End(Long.parseLong(line.group(3)), Long.parseLong(line.group(4)), Long.parseLong(line.group(5)));
        return new Contents(Long.parseLong(line.group(2)), end);
    }
}
