package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.encoding.Checksum;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.error.UnsupportedFormatException;
import io.qaexchange.storage.vfs.FaultyVfs;
import io.qaexchange.storage.vfs.MemoryVfs;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mistakes of a program: each error says what, where and what to do, and nothing has changed. */
class MisuseTest {

    private static final byte[] KEY = {1};
    private static final byte[] VALUE = {2};
    private static final FamilyOptions FAMILY = FamilyOptions.builder("state").build();

    @TempDir
    private Path folder;

    private static StoreOptions options() {
        return StoreOptions.builder().durability(Durability.SYNC_EACH).build();
    }

    private void makeStore() throws IOException {
        try (LsmStore store = LsmStore.open(folder, options())) {
            store.put(store.createFamily(FAMILY), KEY, VALUE);
        }
    }

    private void assertWhole() throws IOException {
        try (LsmStore store = LsmStore.open(folder, options())) {
            assertThat(store.get(store.family("state"), KEY)).containsExactly(VALUE);
        }
    }

    private Map<String, String> files() throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(folder)) {
            for (Path path : (Iterable<Path>) paths.filter(Files::isRegularFile)::iterator) {
                files.put(folder.relativize(path).toString(), Checksum.crc32c(Files.readAllBytes(path), 0, (int) Files.size(path)) + "");
            }
        }
        return files;
    }

    @Test
    void aFolderWithOtherThingsIsNoStore() throws IOException {
        Files.writeString(folder.resolve("holidays.txt"), "Monday");

        assertThatThrownBy(() -> LsmStore.open(folder, options())).isInstanceOf(StoreException.class)
                .hasMessageContaining(folder.toString()).hasMessageContaining("holidays.txt");
        assertThatThrownBy(() -> LsmStore.restore(folder, options(), List.of())).isInstanceOf(StoreException.class)
                .hasMessageContaining(folder.toString()).hasMessageContaining("holidays.txt");

        assertThat(folder).isDirectoryNotContaining(path -> !path.endsWith("holidays.txt"));
        assertThat(folder.resolve("holidays.txt")).hasContent("Monday");
    }

    @Test
    void aStoreThatMustBeThereIsNotMade() {
        Path missing = folder.resolve("typo");

        assertThatThrownBy(() -> LsmStore.open(missing, StoreOptions.builder().createIfMissing(false).build()))
                .isInstanceOf(StoreException.class).hasMessageContaining("there is no store in " + missing);

        assertThat(missing).doesNotExist();
    }

    @Test
    void aStoreIsOpenOnceInAProcess() throws IOException {
        makeStore();
        try (LsmStore store = LsmStore.open(folder, options())) {
            assertThatThrownBy(() -> LsmStore.open(folder, options())).isInstanceOf(StoreException.class)
                    .hasMessageContaining("in use").hasMessageContaining(folder.toString());
            assertThat(store.get(store.family("state"), KEY)).containsExactly(VALUE);
        }
        assertWhole();
    }

    @Test
    void aStoreIsOpenInOneProcess() throws Exception {
        makeStore();
        Process other = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp",
                System.getProperty("java.class.path"), Holder.class.getName(), folder.toString()).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        try {
            assertThat(other.getInputStream().readNBytes(Holder.READY.length())).asString(StandardCharsets.US_ASCII).isEqualTo(Holder.READY);

            assertThatThrownBy(() -> LsmStore.open(folder, options())).isInstanceOf(StoreException.class)
                    .hasMessageContaining("in use").hasMessageContaining("another");
        } finally {
            other.getOutputStream().close();
            assertThat(other.waitFor()).isZero();
        }
        assertWhole();
    }

    /** Another process that has the store open until its input ends. */
    static final class Holder {
        static final String READY = "open";

        public static void main(String[] args) throws IOException {
            try (LsmStore store = LsmStore.open(Path.of(args[0]), options())) {
                System.out.print(READY);
                System.out.flush();
                if (System.in.read() >= 0 || store.families().isEmpty()) {
                    System.exit(1);
                }
            }
        }
    }

    @Test
    void aManifestOfANewerBuildIsRefused() throws IOException {
        makeStore();
        Path manifest;
        try (Stream<Path> paths = Files.list(folder)) {
            manifest = paths.filter(path -> path.getFileName().toString().toUpperCase().startsWith("MANIFEST")).findFirst().orElseThrow();
        }
        byte[] good = Files.readAllBytes(manifest);
        byte[] newer = good.clone();
        ByteBuffer head = ByteBuffer.wrap(newer).order(ByteOrder.LITTLE_ENDIAN);
        head.putShort(8, (short) 99);
        head.putInt(12, Checksum.crc32c(newer, 0, 12));
        Files.write(manifest, newer);
        Map<String, String> before = files();

        assertThatThrownBy(() -> LsmStore.open(folder, options())).isInstanceOf(UnsupportedFormatException.class)
                .hasMessageContaining("newer").hasMessageContaining("99").hasMessageContaining(manifest.getFileName().toString());

        assertThat(files()).isEqualTo(before);
        Files.write(manifest, good);
        assertWhole();
    }

    @Test
    void optionsThatDoNotFitTheFilesAreNamed() throws IOException {
        makeStore();
        try (LsmStore store = LsmStore.open(folder, options())) {
            FamilyOptions windows = FamilyOptions.builder("state").compactionStyle(CompactionStyle.TIME_WINDOW).eventTimeFromEnd(8)
                    .windowNanos(1_000).build();
            assertThatThrownBy(() -> store.createFamily(windows)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("state").hasMessageContaining("compactionStyle").hasMessageContaining("TIME_WINDOW");
        }
        assertWhole();
    }

    @Test
    void keysAndValuesBeyondTheLimitAreNotWritten() throws IOException {
        makeStore();
        try (LsmStore store = LsmStore.open(folder, options())) {
            ColumnFamily family = store.family("state");
            long sequence = store.lastSequence();

            assertThatThrownBy(() -> store.put(family, new byte[65_536], VALUE)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("key too long: 65536 bytes, at most 65535");

            assertThat(store.lastSequence()).isEqualTo(sequence);
            store.put(family, new byte[65_535], VALUE);
            assertThat(store.get(family, new byte[65_535])).containsExactly(VALUE);
        }
        assertWhole();
    }

    @Test
    void aClosedStoreSaysSo() throws IOException {
        LsmStore store = LsmStore.open(folder, options());
        ColumnFamily family = store.createFamily(FAMILY);
        store.put(family, KEY, VALUE);
        store.close();

        assertThatThrownBy(() -> store.put(family, KEY, KEY)).isInstanceOf(StoreClosedException.class).hasMessageContaining("closed");
        assertThatThrownBy(() -> store.get(family, KEY)).isInstanceOf(StoreClosedException.class).hasMessageContaining("closed");
        assertThatThrownBy(() -> store.iterator(family)).isInstanceOf(StoreClosedException.class).hasMessageContaining("closed");
        assertThatThrownBy(store::snapshot).isInstanceOf(StoreClosedException.class).hasMessageContaining("closed");
        store.close();
        assertWhole();
    }

    /** The first writer stands in the middle of its write, where the file system calls back. */
    @Test
    void aSecondWriterIsRefused() throws IOException {
        FaultyVfs vfs = new FaultyVfs(new MemoryVfs());
        AtomicReference<Throwable> refused = new AtomicReference<>();
        try (LsmStore store = LsmStore.open(Path.of("/store"), StoreOptions.builder().vfs(vfs).durability(Durability.SYNC_EACH).build())) {
            ColumnFamily family = store.createFamily(FAMILY);
            vfs.before((kind, path) -> {
                if (kind == FaultyVfs.Kind.APPEND && refused.get() == null) {
                    refused.set(new AssertionError("the second writer has not ended"));
                    refused.set(failureOf(() -> store.put(family, new byte[] {9}, VALUE)));
                }
            });
            store.put(family, KEY, VALUE);
            vfs.before((kind, path) -> { });

            assertThat(refused.get()).isInstanceOf(IllegalStateException.class).hasMessageContaining("one writer at a time");
            assertThat(store.get(family, KEY)).containsExactly(VALUE);
            assertThat(store.get(family, new byte[] {9})).isNull();
            store.put(family, new byte[] {9}, VALUE);
            assertThat(store.get(family, new byte[] {9})).containsExactly(VALUE);
        }
    }

    private interface Action {
        void run() throws Exception;
    }

    private static Throwable failureOf(Action action) {
        AtomicReference<Throwable> failure = new AtomicReference<>();
        Thread thread = new Thread(() -> {
            try {
                action.run();
            } catch (Exception e) {
                failure.set(e);
            }
        });
        thread.start();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return failure.get();
    }
}
