package io.qaexchange.storage.vfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NioVfsTest {
    @TempDir
    Path folder;

    private ReadableFile file;

    @BeforeEach
    void openFile() throws Exception {
        Path path = folder.resolve("file");
        Files.write(path, new byte[] {1, 2, 3, 4, 5});
        file = NioVfs.INSTANCE.open(path);
    }

    @AfterEach
    void closeFile() throws Exception {
        Thread.interrupted();
        file.close();
    }

    @Test
    void makesFoldersWithAllThatAreMissingAbove() throws Exception {
        Path deep = folder.resolve("a").resolve("b");
        NioVfs.INSTANCE.createDirectories(deep);
        NioVfs.INSTANCE.createDirectories(deep);
        assertThat(deep).isDirectory();
        assertThatThrownBy(() -> NioVfs.INSTANCE.createDirectories(folder.resolve("file").resolve("below"))).isInstanceOf(java.io.IOException.class);
    }

    @Test
    void interruptedThreadReadsAndStaysInterrupted() throws Exception {
        Thread.currentThread().interrupt();
        assertThat(read()).containsExactly(3, 4);
        assertThat(Thread.interrupted()).isTrue();
    }

    /** Whatever the sectors are, and whether or not the file system allows it. */
    @Test
    void directReadsSeeTheSameBytes() throws Exception {
        byte[] bytes = new byte[100_001];
        new Random(1).nextBytes(bytes);
        Path path = folder.resolve("long");
        Files.write(path, bytes);
        try (ReadableFile read = NioVfs.INSTANCE.open(path)) {
            Random random = new Random(2);
            for (int i = 0; i < 300; i++) {
                int position = random.nextInt(bytes.length);
                int length = random.nextInt(3) == 0 ? bytes.length - position : random.nextInt(Math.min(bytes.length - position, 20_000) + 1);
                ByteBuffer target = random.nextBoolean() ? ByteBuffer.allocate(length + 3) : ByteBuffer.allocateDirect(length + 3);
                read.readDirect(position, target.position(2).limit(2 + length));
                byte[] found = new byte[length];
                target.position(2).get(found);
                assertThat(found).as("%d bytes at %d", length, position).isEqualTo(Arrays.copyOfRange(bytes, position, position + length));
            }
            assertThatThrownBy(() -> read.readDirect(99_999, ByteBuffer.allocate(3))).isInstanceOf(EOFException.class);
            Thread.currentThread().interrupt();
            ByteBuffer one = ByteBuffer.allocate(1);
            read.readDirect(5_000, one);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(one.get(0)).isEqualTo(bytes[5_000]);
        }
    }

    @Test
    void othersReadOnAfterAnInterruptedThread() throws Exception {
        Thread.currentThread().interrupt();
        read();
        Thread.interrupted();
        byte[][] found = new byte[1][];
        Thread other = new Thread(() -> {
            try {
                found[0] = read();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        });
        other.start();
        other.join();
        assertThat(found[0]).containsExactly(3, 4);
        assertThat(read()).containsExactly(3, 4);
    }

    @Test
    void interruptedThreadMapsAndStaysInterrupted() throws Exception {
        Thread.currentThread().interrupt();
        try (MappedRegion region = file.map(0, 5)) {
            assertThat(region.buffer().get(4)).isEqualTo((byte) 5);
        }
        assertThat(Thread.interrupted()).isTrue();
    }

    @Test
    void closedFileStaysClosed() throws Exception {
        file.close();
        assertThatThrownBy(this::read).isInstanceOf(ClosedChannelException.class);
    }

    private byte[] read() throws Exception {
        ByteBuffer target = ByteBuffer.allocate(2);
        file.read(2, target);
        return target.array();
    }

    @Test
    void unsyncedFilesAreWholeForWhoReadsThem() throws Exception {
        Path path = folder.resolve("unsynced");
        try (WritableFile out = NioVfs.UNSYNCED.create(path)) {
            out.append(ByteBuffer.wrap(new byte[] {6, 7}));
            out.sync();
        }
        NioVfs.UNSYNCED.syncDirectory(folder);
        assertThat(Files.readAllBytes(path)).containsExactly(6, 7);
    }
}
