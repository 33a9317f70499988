package io.qaexchange.storage.manifest;

import io.qaexchange.storage.CorruptionException;
import io.qaexchange.storage.encoding.Checksum;
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
 * The file {@code CURRENT}: one line, {@code MANIFEST-NNNNNN crc32c=XXXXXXXX}, the checksum being of the name. Replaced by writing a
 * file beside it, syncing that, renaming it and syncing the folder: there is always a whole one.
 */
public final class CurrentFile {
    public static final String NAME = "CURRENT";
    private static final String TEMPORARY = "CURRENT.tmp";
    private static final Pattern LINE = Pattern.compile("MANIFEST-(\\d{6,18}) crc32c=([0-9a-f]{8})\n");

    private CurrentFile() {}

    public static String manifestName(long number) {
        return String.format("MANIFEST-%06d", number);
    }

    public static void write(Vfs vfs, Path directory, long manifestNumber) throws IOException {
        Path temporary = directory.resolve(TEMPORARY);
        if (vfs.exists(temporary)) {
            vfs.delete(temporary);
        }
        String name = manifestName(manifestNumber);
        byte[] nameBytes = name.getBytes(StandardCharsets.US_ASCII);
        String line = String.format("%s crc32c=%08x\n", name, Checksum.crc32c(nameBytes, 0, nameBytes.length));
        try (WritableFile file = vfs.create(temporary)) {
            file.append(ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII)));
            file.sync();
        }
        vfs.rename(temporary, directory.resolve(NAME));
        vfs.syncDirectory(directory);
    }

    /** The number of the manifest in force. */
    public static long read(Vfs vfs, Path directory) throws IOException {
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
        long number = Long.parseLong(line.group(1));
        byte[] name = manifestName(number).getBytes(StandardCharsets.US_ASCII);
        int expected = Integer.parseUnsignedInt(line.group(2), 16);
        int actual = Checksum.crc32c(name, 0, name.length);
        if (expected != actual) {
            throw CorruptionException.checksum("CURRENT", path, 0, expected, actual);
        }
        return number;
    }
}
