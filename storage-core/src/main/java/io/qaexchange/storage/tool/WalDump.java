package io.qaexchange.storage.tool;

import io.qaexchange.storage.encoding.ByteReader;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.manifest.FileNames;
import io.qaexchange.storage.vfs.Vfs;
import io.qaexchange.storage.wal.Operations;
import io.qaexchange.storage.wal.WalFormat;
import io.qaexchange.storage.wal.WalReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;

/** Prints a log segment, a line per record and one per operation, up to its end or the first damage. */
final class WalDump {
    private final Vfs vfs;
    private final PrintStream out;

    WalDump(Vfs vfs, PrintStream out) {
        this.vfs = vfs;
        this.out = out;
    }

    int dump(Path path) throws IOException {
        String name = path.getFileName().toString();
        if (!FileNames.isWal(name)) {
            throw new StoreException("a log segment is called NNNNNN.wal, since its number is part of its checksums: " + name);
        }
        try (WalReader reader = WalReader.open(vfs, path, FileNames.number(name).getAsLong(), false)) {
            out.println(reader.segment() == null ? "no whole record" : reader.segment().toString());
            try {
                while (reader.next()) {
                    record(reader);
                }
            } catch (CorruptionException e) {
                out.println("DAMAGED: " + e.getMessage());
                return SstableDump.DAMAGED;
            }
            if (reader.tornBytes() > 0) {
                out.println("torn tail: " + reader.tornBytes() + " bytes from offset " + reader.validBytes());
            }
        }
        return SstableDump.CLEAN;
    }

    private void record(WalReader reader) throws IOException {
        ByteReader data = reader.data();
        data.u8();
        String head = reader.offset() + ": " + WalFormat.typeName(reader.type()) + " " + Instant.ofEpochMilli(reader.timestamp());
        switch (reader.type()) {
            case WalFormat.TYPE_BATCH -> {
                long[] sequence = {data.u64()};
                int count = data.varint32();
                out.println(head + " #" + sequence[0] + " count=" + count);
                Operations.decode(data, count, (kind, family, key, value) -> out.println("    #" + sequence[0]++ + " " + ValueKind.name(kind)
                        + " family=" + family + " key=" + key + " value=" + value.length() + " bytes"));
            }
            case WalFormat.TYPE_SYNCED -> out.println(head + " up to offset " + data.u64());
            default -> out.println(head + " length=" + reader.dataLength());
        }
    }
}
