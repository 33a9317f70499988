package io.qaexchange.archive.tier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.SmallDisk;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.manifest.Sha256;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of 1,000 bytes in a cache of 3,500. */
class TierCacheTest {

    private static final int FILE_BYTES = 1_000;
    private static final long CACHE_BYTES = 3_500;

    @TempDir
    private Path parent;
    private Path objects;
    private Path folder;
    private TierCache cache;

    @BeforeEach
    void aCache() throws IOException {
        objects = Files.createDirectories(parent.resolve("objects"));
        folder = parent.resolve("cache");
        cache = new TierCache(folder, CACHE_BYTES);
    }

    /** Opens a file as another process, and waits to be killed. */
    public static void main(String[] arguments) throws IOException {
        TierCache cache = new TierCache(Path.of(arguments[0]), CACHE_BYTES);
        ColdFile file = cache.open("one", copy(Path.of(arguments[1]), Integer.parseInt(arguments[2])));
        System.out.println(file.path().getPath());
        System.in.read();
    }

    @Test
    void evictsTheFilesThatWereNotReadForTheLongestTimeAndNoneThatIsBeingRead() throws IOException {
        for (int i = 0; i < 3; i++) {
            read(i);
            age(i, 10 - i);
        }
        read(0);
        read(3);
        assertThat(cached()).as("1 was read longest ago").containsExactlyInAnyOrder(hash(0), hash(2), hash(3));

        try (ColdFile two = cache.open("2", copy(objects, 2)); ColdFile three = cache.open("3", copy(objects, 3))) {
            age(2, 20);
            age(3, 20);
            read(4);
            assertThat(cached()).containsExactlyInAnyOrder(hash(2), hash(3), hash(4));
            assertThat(cache.bytes()).isLessThanOrEqualTo(CACHE_BYTES);
            try (ColdFile four = cache.open("4", copy(objects, 4))) {
                assertThatThrownBy(() -> cache.open("table=tick/5.parquet", copy(objects, 5))).isInstanceOf(IOException.class)
                        .hasMessageContaining("table=tick/5.parquet").hasMessageContaining("3,000 are being read").hasMessageContaining("--tier-cache-size");
                assertThat(bytesOf(four)).isEqualTo(bytes(4));
            }
            assertThat(bytesOf(two)).isEqualTo(bytes(2));
            assertThat(bytesOf(three)).isEqualTo(bytes(3));
        }
        read(5);
        assertThat(leases()).as("what was closed has no second name").isEmpty();
    }

    @Test
    void aCachedFileThatWasChangedIsReadAnew() throws IOException {
        read(0);
        Path cached = folder.resolve("files").resolve(hash(0));
        byte[] bytes = bytes(0);
        bytes[7] ^= 1;
        for (byte[] wrong : List.of(bytes, Arrays.copyOf(bytes, 500), new byte[0])) {
            Files.write(cached, wrong);
            try (TierCache other = new TierCache(folder, CACHE_BYTES); ColdFile file = other.open("0", copy(objects, 0))) {
                assertThat(bytesOf(file)).isEqualTo(bytes(0));
            }
        }
        assertThatThrownBy(() -> cache.open("x", new RemoteCopy("x", "file://" + objects, "object-0", FILE_BYTES, hash(1), RemoteCopy.Stage.REMOTE, 1, 1, 0)))
                .hasMessageContaining("is not the file that was copied there");
        assertThat(cached()).containsExactly(hash(0));
    }

    @Test
    void whatAKilledProcessReadGoesWhenSpaceIsNeededAndNothingOfALivingOne() throws Exception {
        for (int i = 0; i < 2; i++) {
            copy(objects, i);
        }
        Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-cp", System.getProperty("java.class.path"),
                TierCacheTest.class.getName(), folder.toString(), objects.toString(), "0").redirectError(ProcessBuilder.Redirect.DISCARD).start();
        try (BufferedReader out = process.inputReader()) {
            Path lease = Path.of(out.readLine());
            assertThat(lease).hasBinaryContent(bytes(0));
            for (int i = 1; i < 6; i++) {
                read(i);
            }
            assertThat(cached()).as("the other process reads it").contains(hash(0));
            assertThat(lease).exists();

            process.destroyForcibly().waitFor();
            age(0, 100);
            for (int i = 1; i < 6; i++) {
                read(i);
            }
            assertThat(lease).doesNotExist();
            assertThat(cached()).doesNotContain(hash(0));
            assertThat(cache.bytes()).isLessThanOrEqualTo(CACHE_BYTES);
        } finally {
            process.destroyForcibly();
        }
    }

    /** A disk of 1 MB, of which the size that the cache may have is ten times as much. */
    @Test
    void aCacheWhoseDiskIsFullEvictsThenSaysSoAndLeavesNothingBehind() throws Exception {
        try (SmallDisk disk = SmallDisk.mount(parent.resolve("small"), 1, 100); TierCache small = new TierCache(disk.folder().resolve("cache"), 10 << 20)) {
            folder = disk.folder().resolve("cache");
            cache = small;
            read(0);
            read(1);
            age(1, 10);
            disk.fill(SmallDisk.Kind.BYTES);
            read(2);
            assertThat(cached()).as("1 made space").containsExactlyInAnyOrder(hash(0), hash(2));
            try (ColdFile zero = cache.open("0", copy(objects, 0)); ColdFile two = cache.open("2", copy(objects, 2))) {
                disk.fill(SmallDisk.Kind.BYTES);
                assertThatThrownBy(() -> cache.open("table=tick/3.parquet", copy(objects, 3))).isInstanceOf(IOException.class)
                        .hasMessageContaining("table=tick/3.parquet").hasMessageContaining(SmallDisk.NO_SPACE).hasMessageContaining(folder.toString());
                assertThat(bytesOf(zero)).isEqualTo(bytes(0));
                assertThat(bytesOf(two)).isEqualTo(bytes(2));
                assertThat(cached()).containsExactlyInAnyOrder(hash(0), hash(2));
            }
            assertThat(leases()).isEmpty();
            disk.free();
            read(3);

            disk.fill(SmallDisk.Kind.FILES);
            assertThatThrownBy(() -> read(4)).hasMessageContaining("file-4").hasMessageContaining(SmallDisk.NO_SPACE);
            assertThat(leases()).isEmpty();
            disk.free();
            read(4);
        }
    }

    @Test
    void manyReadersAtOnceEachGetTheirFileAndTheBoundHolds() throws Exception {
        ExecutorService readers = Executors.newFixedThreadPool(3);
        try (TierCache other = new TierCache(folder, CACHE_BYTES)) {
            List<Callable<Boolean>> work = new ArrayList<>();
            for (int i = 0; i < 300; i++) {
                int file = i % 5;
                TierCache one = i % 2 == 0 ? cache : other;
                RemoteCopy copy = copy(objects, file);
                work.add(() -> {
                    try (ColdFile cold = one.open("file-" + file, copy)) {
                        assertThat(bytesOf(cold)).isEqualTo(bytes(file));
                        assertThat(cache.bytes()).isLessThanOrEqualTo(CACHE_BYTES);
                        return true;
                    }
                });
            }
            for (Future<Boolean> done : readers.invokeAll(work)) {
                done.get();
            }
        } finally {
            readers.shutdown();
        }
        assertThat(leases()).isEmpty();
    }

    private void read(int number) throws IOException {
        try (ColdFile file = cache.open("file-" + number, copy(objects, number))) {
            assertThat(bytesOf(file)).isEqualTo(bytes(number));
        }
    }

    private static byte[] bytesOf(ColdFile file) throws IOException {
        return Files.readAllBytes(Path.of(file.path().getPath()));
    }

    private static byte[] bytes(int number) {
        byte[] bytes = new byte[FILE_BYTES];
        new Random(number).nextBytes(bytes);
        return bytes;
    }

    private static String hash(int number) {
        try {
            return Sha256.of(new java.io.ByteArrayInputStream(bytes(number)));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static RemoteCopy copy(Path objects, int number) throws IOException {
        Path object = objects.resolve("object-" + number);
        if (!Files.exists(object)) {
            Files.write(object, bytes(number));
        }
        return new RemoteCopy("batch-" + number, "file://" + objects, "object-" + number, FILE_BYTES, hash(number), RemoteCopy.Stage.REMOTE, 1, 1, 0);
    }

    private void age(int number, int minutes) throws IOException {
        Files.setLastModifiedTime(folder.resolve("files").resolve(hash(number)), FileTime.fromMillis(System.currentTimeMillis() - minutes * 60_000L));
    }

    private List<String> cached() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("files"))) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }

    private List<Path> leases() throws IOException {
        try (Stream<Path> files = Files.walk(folder.resolve("users"))) {
            return files.filter(file -> Files.isRegularFile(file) && !file.toString().endsWith(".lock")).toList();
        }
    }
}
