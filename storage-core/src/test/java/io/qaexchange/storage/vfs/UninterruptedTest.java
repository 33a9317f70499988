package io.qaexchange.storage.vfs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A thread that others interrupt faster than it can try again still gets its work done. */
class UninterruptedTest {
    @TempDir
    Path directory;

    @AfterEach
    void clearFlag() {
        Thread.interrupted();
    }

    /** Work that is broken off each time on the caller's thread, as by somebody who never stops to interrupt it. */
    @Test
    void workThatIsInterruptedEachTimeIsDone() throws Exception {
        Thread caller = Thread.currentThread();
        AtomicInteger tries = new AtomicInteger();
        int answer = Uninterrupted.run(() -> {
            tries.incrementAndGet();
            caller.interrupt();
            if (Thread.currentThread().isInterrupted()) {
                throw new ClosedByInterruptException();
            }
            return 42;
        });
        assertThat(answer).isEqualTo(42);
        assertThat(tries).hasValue(4);
        assertThat(caller.isInterrupted()).isTrue();
    }

    @Test
    void failuresOfSuchWorkAreTheCallers() {
        Thread caller = Thread.currentThread();
        for (Throwable failure : new Throwable[] {new EOFException("short"), new IllegalStateException("odd"), new StackOverflowError()}) {
            assertThatThrownBy(() -> Uninterrupted.run(() -> {
                caller.interrupt();
                if (Thread.currentThread().isInterrupted()) {
                    throw new ClosedByInterruptException();
                }
                throw sneaky(failure);
            })).isSameAs(failure);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    private static IOException sneaky(Throwable failure) throws IOException {
        if (failure instanceof RuntimeException e) {
            throw e;
        }
        if (failure instanceof Error e) {
            throw e;
        }
        return (IOException) failure;
    }

    /** Somebody with a processor of its own interrupts a reader all the time: each read takes longer than the time to the next interruption. */
    @Test
    void readsAndMappingsEndInAStormOfInterruptions() throws Exception {
        Path file = directory.resolve("file");
        byte[] bytes = new byte[256 << 10];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (i * 31);
        }
        Files.write(file, bytes);
        AtomicBoolean ended = new AtomicBoolean();
        Thread reader = Thread.currentThread();
        Thread storm = new Thread(() -> {
            while (!ended.get()) {
                reader.interrupt();
            }
        });
        try (ReadableFile open = NioVfs.INSTANCE.open(file)) {
            storm.start();
            try {
                ByteBuffer target = ByteBuffer.allocateDirect(bytes.length);
                for (int i = 0; i < 50; i++) {
                    open.read(0, target.clear());
                    assertThat(target.flip()).isEqualTo(ByteBuffer.wrap(bytes));
                    try (MappedRegion region = open.map(4096, 8192)) {
                        assertThat(region.buffer()).isEqualTo(ByteBuffer.wrap(bytes, 4096, 8192));
                    }
                    NioVfs.INSTANCE.syncDirectory(directory);
                }
            } finally {
                ended.set(true);
                while (storm.isAlive()) {
                    Thread.onSpinWait();
                }
            }
        }
    }
}
