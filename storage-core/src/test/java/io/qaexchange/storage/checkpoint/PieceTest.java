package io.qaexchange.storage.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.LogPiece;
import io.qaexchange.storage.encoding.ByteWriter;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.NioVfs;
import io.qaexchange.storage.wal.Operations;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PieceTest {
    private static final String NAME = "1.piece";

    @TempDir
    Path folder;

    private static byte[] valueOf(int operation, boolean compressible) {
        byte[] value = new byte[operation == 7 ? 300_000 : operation % 200];
        if (compressible) {
            Arrays.fill(value, (byte) operation);
        } else {
            new Random(operation).nextBytes(value);
        }
        return value;
    }

    private LogPiece write(int operations, boolean compressible) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        PieceWriter writer = new PieceWriter(out, 3, 1, operations);
        for (int i = 1; i <= operations; i++) {
            writer.add(5, Trailer.of(i, ValueKind.PUT), Slice.ofUtf8("key " + i), Slice.of(valueOf(i, compressible)));
        }
        long size = writer.finish();
        Files.write(folder.resolve(NAME), out.toByteArray());
        assertThat(size).isEqualTo(out.size());
        return new LogPiece(NAME, 1, operations, operations, size, writer.logBytes());
    }

    private List<String> read(LogPiece piece) throws IOException {
        List<String> found = new ArrayList<>();
        PieceReader.read(NioVfs.UNSYNCED, folder, piece, (family, trailer, key, value) ->
                found.add(family + " " + Trailer.sequence(trailer) + " " + key + " " + Arrays.hashCode(value.toByteArray())));
        return found;
    }

    private static List<String> expected(int operations, boolean compressible) {
        List<String> expected = new ArrayList<>();
        for (int i = 1; i <= operations; i++) {
            expected.add("5 " + i + " key " + i + " " + Arrays.hashCode(valueOf(i, compressible)));
        }
        return expected;
    }

    @Test
    void whatIsWrittenIsRead() throws Exception {
        assertThat(read(write(5_000, false))).isEqualTo(expected(5_000, false));
        assertThat(read(write(5_000, true))).isEqualTo(expected(5_000, true));
        assertThat(read(write(0, true))).isEmpty();
    }

    @Test
    void isCompressedWhereThatPays() throws Exception {
        LogPiece noise = write(3_000, false);
        LogPiece smooth = write(3_000, true);
        assertThat(smooth.logBytes()).isEqualTo(noise.logBytes());
        assertThat(smooth.sizeBytes()).isLessThan(smooth.logBytes() / 3);
        assertThat(noise.sizeBytes()).isLessThan(noise.logBytes() + noise.logBytes() / 100);
    }

    @Test
    void everyFlippedBitIsFound() throws Exception {
        LogPiece piece = write(60, true);
        byte[] good = Files.readAllBytes(folder.resolve(NAME));
        for (int at = 0; at < good.length; at++) {
            byte[] bad = good.clone();
            bad[at] ^= (byte) (1 << at % 8);
            Files.write(folder.resolve(NAME), bad);
            assertThatThrownBy(() -> read(piece)).as("byte %s", at).isInstanceOf(StoreException.class).hasMessageContaining(NAME);
        }
    }

    /** A block whose checksum is right and whose content is not: another build's mistake. */
    @Test
    void blockThatDoesNotDecompressIsDamage() throws Exception {
        byte[] noise = {1, 2, 3};
        LogPiece piece = pieceOf(2, new ByteWriter().u32(noise.length).u32(100_000).raw(noise));
        assertThatThrownBy(() -> read(piece)).isInstanceOf(CorruptionException.class).hasMessageContaining("decompress");
    }

    @Test
    void piecesOfVersion1AreRead() throws Exception {
        ByteWriter operations = new ByteWriter().varint(1);
        Operations.encode(operations, ValueKind.PUT, 5, Slice.ofUtf8("key 1"), Slice.of(valueOf(1, false)));
        LogPiece piece = pieceOf(1, new ByteWriter().u32(operations.size()).raw(operations.array(), Memory.ARRAY_BASE, operations.size()));
        assertThat(read(piece)).isEqualTo(expected(1, false));
    }

    /** @param block without its checksum, which comes after the lengths */
    private LogPiece pieceOf(int version, ByteWriter block) throws IOException {
        ByteWriter file = new ByteWriter().u64(PieceFormat.MAGIC).u16(version).u16(0).u64(3).u64(1).u64(1);
        file.u32(Checksum.crc32c(file.array(), 0, file.size()));
        addBlock(file, PieceFormat.frameBytes(version) - Integer.BYTES, block);
        addBlock(file, PieceFormat.frameBytes(version) - Integer.BYTES, version == 1 ? new ByteWriter().u32(0) : new ByteWriter().u64(0));
        Files.write(folder.resolve(NAME), Arrays.copyOf(file.array(), file.size()));
        return new LogPiece(NAME, 1, 1, 1, file.size(), file.size());
    }

    private static void addBlock(ByteWriter file, int lengths, ByteWriter block) {
        ByteWriter covered = new ByteWriter().u64(file.size()).raw(block.array(), Memory.ARRAY_BASE, block.size());
        int checksum = Checksum.crc32c(covered.array(), 0, covered.size());
        file.raw(block.array(), Memory.ARRAY_BASE, lengths).u32(checksum).raw(block.array(), Memory.ARRAY_BASE + lengths, block.size() - lengths);
    }
}
