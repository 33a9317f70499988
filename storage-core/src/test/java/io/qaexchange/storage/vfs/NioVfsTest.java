package io.qaexchange.storage.vfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.file.Files;
import java.nio.file.Path;
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
