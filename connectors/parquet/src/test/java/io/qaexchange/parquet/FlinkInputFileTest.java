package io.qaexchange.parquet;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.apache.parquet.io.SeekableInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlinkInputFileTest {

    @TempDir
    private Path folder;

    /** Seeks and reads of all kinds and lengths, beside the bytes in memory. */
    @Test
    void givesTheBytesOfThePlacesThatItWasAskedFor() throws IOException {
        Random random = new Random(2);
        byte[] bytes = new byte[100_000];
        random.nextBytes(bytes);
        Path file = Files.write(folder.resolve("file"), bytes);
        FlinkInputFile input = FlinkInputFile.of(new org.apache.flink.core.fs.Path(file.toUri()));
        assertThat(input.getLength()).isEqualTo(bytes.length);
        try (SeekableInputStream in = input.newStream()) {
            int at = 0;
            for (int i = 0; i < 20_000; i++) {
                assertThat(in.getPos()).isEqualTo(at);
                int length = Math.min(bytes.length - at, random.nextInt(random.nextInt(10) == 0 ? 30_000 : 20));
                switch (random.nextInt(5)) {
                    case 0 -> in.seek(at = random.nextInt(10) == 0 ? bytes.length : random.nextInt(bytes.length));
                    case 1 -> in.seek(at = Math.max(0, Math.min(bytes.length, at + random.nextInt(9_000) - 4_500)));
                    case 2 -> {
                        assertThat(in.read()).isEqualTo(at == bytes.length ? -1 : bytes[at] & 0xFF);
                        at += at == bytes.length ? 0 : 1;
                    }
                    case 3 -> {
                        byte[] read = new byte[length];
                        in.readFully(read);
                        assertThat(read).isEqualTo(Arrays.copyOfRange(bytes, at, at + length));
                        at += length;
                    }
                    default -> {
                        ByteBuffer read = random.nextBoolean() ? ByteBuffer.allocate(length) : ByteBuffer.allocateDirect(length);
                        in.readFully(read);
                        assertThat(read.flip()).isEqualTo(ByteBuffer.wrap(bytes, at, length));
                        at += length;
                    }
                }
            }
            in.seek(bytes.length);
            assertThat(in.read(new byte[10])).isEqualTo(-1);
        }
    }
}
