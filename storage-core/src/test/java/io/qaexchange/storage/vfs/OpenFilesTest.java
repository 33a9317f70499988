package io.qaexchange.storage.vfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.error.CorruptionException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class OpenFilesTest {
    private static final Path FOLDER = Path.of("/files");

    private final FaultyVfs disk = new FaultyVfs(new MemoryVfs());
    private final List<Path> opened = new ArrayList<>();

    @BeforeEach
    void makeFiles() throws IOException {
        disk.createDirectories(FOLDER);
        for (int i = 0; i < 20; i++) {
            write(i, new byte[] {(byte) i, 1, 2, 3});
        }
        disk.before((kind, path) -> {
            if (kind == FaultyVfs.Kind.OPEN) {
                synchronized (opened) {
                    opened.add(path);
                }
            }
        });
    }

    private void write(int i, byte[] bytes) throws IOException {
        try (WritableFile file = disk.create(path(i))) {
            file.append(ByteBuffer.wrap(bytes));
        }
    }

    private static Path path(int i) {
        return FOLDER.resolve("f" + i);
    }

    private static int read(ReadableFile file) throws IOException {
        ByteBuffer target = ByteBuffer.allocate(1);
        file.read(0, target);
        return target.get(0);
    }

    private List<ReadableFile> openAll(Vfs vfs, int count) throws IOException {
        List<ReadableFile> files = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            files.add(vfs.open(path(i)));
        }
        return files;
    }

    @Test
    void atMostTheBoundIsOpenAndEachFileCanStillBeRead() throws IOException {
        OpenFiles open = new OpenFiles(4, 4);
        List<ReadableFile> files = openAll(BoundedVfs.of(disk, open), 20);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 20; i++) {
                assertThat(read(files.get(i))).isEqualTo(i);
                assertThat(open.openCount()).isLessThanOrEqualTo(4);
            }
        }
        assertThat(open.reopenCount()).isPositive();
        for (ReadableFile file : files) {
            file.close();
        }
        assertThat(open.openCount()).isZero();
    }

    @Test
    void theFileThatWasNotReadForLongestGoesFirst() throws IOException {
        Vfs vfs = BoundedVfs.of(disk, new OpenFiles(3, 4));
        List<ReadableFile> files = openAll(vfs, 3);
        vfs.open(path(3));
        read(files.get(1));
        read(files.get(2));
        opened.clear();
        vfs.open(path(4));
        read(files.get(1));
        read(files.get(2));
        assertThat(opened).as("files 1 and 2 were read last and stay open").containsExactly(path(4));
        read(files.get(0));
        assertThat(opened).containsExactly(path(4), path(0));
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aFileInUseIsNotClosed() throws Exception {
        OpenFiles open = new OpenFiles(1, 4);
        Vfs vfs = BoundedVfs.of(disk, open);
        ReadableFile used = vfs.open(path(7));
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        disk.before((kind, path) -> {
            if (kind == FaultyVfs.Kind.READ && path.equals(path(7))) {
                reading.countDown();
                try {
                    goOn.await();
                } catch (InterruptedException e) {
                    throw new AssertionError(e);
                }
            }
        });
        AtomicReference<Object> found = new AtomicReference<>();
        Thread reader = new Thread(() -> {
            try {
                found.set(read(used));
            } catch (IOException e) {
                found.set(e);
            }
        });
        reader.start();
        reading.await();
        List<ReadableFile> others = openAll(vfs, 5);
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 5; i++) {
                // Evicted by then; while it is opened again it is the only one that could be evicted.
                assertThat(read(others.get(i))).isEqualTo(i);
            }
        }
        assertThat(open.openCount()).as("the one in use and one more").isEqualTo(2);
        long reopened = open.reopenCount();
        goOn.countDown();
        reader.join();
        assertThat(found.get()).isEqualTo(7);
        assertThat(open.reopenCount()).as("the one in use was never closed").isEqualTo(reopened);
    }

    @Test
    void manyThreadsReadManyFilesThroughFewDescriptors() throws Exception {
        OpenFiles open = new OpenFiles(3, 4);
        List<ReadableFile> files = openAll(BoundedVfs.of(disk, open), 20);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        List<Thread> threads = new ArrayList<>();
        for (int t = 0; t < 8; t++) {
            Random random = new Random(t);
            Thread thread = new Thread(() -> {
                try {
                    for (int i = 0; i < 3000; i++) {
                        int file = random.nextInt(20);
                        assertThat(read(files.get(file))).isEqualTo(file);
                    }
                } catch (Throwable e) {
                    failure.set(e);
                }
            });
            threads.add(thread);
            thread.start();
        }
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failure.get()).isNull();
        for (ReadableFile file : files) {
            file.close();
        }
        assertThat(open.openCount()).isZero();
    }

    @Test
    void aFileThatIsAnotherWhenItIsOpenedAgainIsNamed() throws IOException {
        Vfs vfs = BoundedVfs.of(disk, new OpenFiles(1, 4));
        ReadableFile first = vfs.open(path(0));
        ReadableFile second = vfs.open(path(1));
        // Each was read since, so both are looked at twice.
        read(second);
        disk.truncate(path(0), 2);
        assertThatThrownBy(() -> read(first)).isInstanceOf(CorruptionException.class).hasMessageContaining(path(0).toString())
                .hasMessageContaining("expected=4").hasMessageContaining("actual=2");
        read(second);
        disk.delete(path(0));
        assertThatThrownBy(() -> read(first)).isInstanceOf(IOException.class).hasMessageContaining(path(0).toString());
    }

    @Test
    void aClosedFileStaysClosed() throws IOException {
        Vfs vfs = BoundedVfs.of(disk, new OpenFiles(1, 4));
        ReadableFile first = vfs.open(path(0));
        vfs.open(path(1));
        first.close();
        first.close();
        assertThatThrownBy(() -> read(first)).isInstanceOf(ClosedChannelException.class);
    }

    @Test
    void beyondTheBoundOfMappingsFilesAreNotMapped() throws IOException {
        OpenFiles open = new OpenFiles(4, 2);
        List<ReadableFile> files = openAll(BoundedVfs.of(disk, open), 3);
        MappedRegion first = files.get(0).map(0, 4);
        MappedRegion second = files.get(1).map(0, 4);
        assertThat(first.buffer().get(0)).isEqualTo((byte) 0);
        assertThat(files.get(2).map(0, 4)).isNull();
        first.close();
        first.close();
        assertThat(open.mappingCount()).isEqualTo(1);
        assertThat(files.get(2).map(0, 4)).isNotNull();
        second.close();
        assertThat(open.mappingCount()).isEqualTo(1);
    }

    /** Others of the process took the descriptors that the bound left them, and more. */
    @Test
    void whereTheProcessHasNoDescriptorLeftIdleFilesAreClosed() throws IOException {
        OpenFiles open = new OpenFiles(100, 4);
        Vfs vfs = BoundedVfs.of(disk, open);
        openAll(vfs, 10);
        boolean[] none = {true};
        disk.before((kind, path) -> {
            if (kind == FaultyVfs.Kind.CREATE && open.openCount() > 5) {
                throw new FileSystemException(path.toString(), null, "Too many open files");
            }
            none[0] = false;
        });
        vfs.create(FOLDER.resolve("new")).close();
        assertThat(open.openCount()).isEqualTo(5);
        assertThat(none[0]).isFalse();
    }

    @Test
    void aFailureThatHelpsNothingIsThrown() {
        OpenFiles open = new OpenFiles(100, 4);
        Vfs vfs = BoundedVfs.of(disk, open);
        disk.before((kind, path) -> {
            throw new FileSystemException(path.toString(), null, "Too many open files");
        });
        assertThatThrownBy(() -> vfs.open(path(1))).isInstanceOf(FileSystemException.class).hasMessageContaining(path(1).toString());
    }

    /** The kernel gives all of such a file to the first read, and nothing to the next one: who reads it byte by byte finds one digit. */
    @Test
    void halfOfTheMappingsThatTheSystemAllowsMayBeMade() throws IOException {
        Path limit = Path.of("/proc/sys/vm/max_map_count");
        long allowed = 65_530;
        if (Files.isReadable(limit)) {
            try (RandomAccessFile file = new RandomAccessFile(limit.toFile(), "r")) {
                byte[] bytes = new byte[64];
                allowed = Long.parseLong(new String(bytes, 0, file.read(bytes), StandardCharsets.US_ASCII).trim());
            }
        }
        assertThat(OpenFiles.defaultMappings()).isEqualTo((int) Math.max(16, Math.min(Integer.MAX_VALUE, allowed / 2)));
    }
}
