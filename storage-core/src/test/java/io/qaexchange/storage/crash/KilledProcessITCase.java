package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.Durability;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableMap;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills real processes that write to a real folder, at moments chosen at random among what they print, again and again on the same
 * folder; each time, a copy of the folder is opened and compared with what the process had said was durable. {@code crash.kills} says
 * how often.
 */
class KilledProcessITCase {
    private static final int KILLS = Integer.getInteger("crash.kills", 20);
    private static final List<Durability> MODES = List.of(Durability.SYNC_EACH, Durability.GROUP_COMMIT, Durability.NONE);

    @TempDir
    Path directory;

    @Test
    void aKilledProcessLosesNothingThatItSaidWasDurable() throws Exception {
        SplittableRandom random = new SplittableRandom(20);
        long[] durable = new long[MODES.size()];
        for (int kill = 0; kill < KILLS; kill++) {
            int mode = kill % MODES.size();
            Durability durability = MODES.get(mode);
            Path folder = directory.resolve(durability.name());
            durable[mode] = Math.max(durable[mode], runAndKill(folder, durability, 1 + random.nextInt(random.nextBoolean() ? 20 : 600)));
            Path copy = copy(folder, directory.resolve("copy" + kill));
            long recovered = check(copy, durability, durable[mode]);
            // Entries that were found after one kill must be there after all later ones.
            durable[mode] = recovered;
            delete(copy);
        }
    }

    /** @return the last sequence number that the process said was durable */
    private static long runAndKill(Path folder, Durability durability, int lines) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        Process process = new ProcessBuilder(java, "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", System.getProperty("java.class.path"),
                KilledProcess.class.getName(), folder.toString(), durability.name()).redirectErrorStream(true).start();
        long durable = 0;
        int read = 0;
        StringBuilder said = new StringBuilder();
        try (BufferedReader out = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            for (String line = out.readLine(); line != null; line = readOn(out)) {
                if (line.startsWith(KilledProcess.DURABLE)) {
                    durable = Long.parseLong(line.substring(KilledProcess.DURABLE.length()));
                } else {
                    said.append(line).append('\n');
                }
                if (++read == lines) {
                    // By its handle: the process object would close the pipe, and the last lines with it.
                    process.toHandle().destroyForcibly();
                }
            }
        }
        int exit = process.waitFor();
        assertThat(read).as("lines before the end; exit code %s, it said: %s", exit, said).isGreaterThanOrEqualTo(lines);
        return durable;
    }

    /** The last line may be cut off by the kill, and then says nothing. */
    private static String readOn(BufferedReader out) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = out.read(); c != -1; c = out.read()) {
            if (c == '\n') {
                return line.toString();
            }
            line.append((char) c);
        }
        return null;
    }

    private static long check(Path folder, Durability durability, long durable) throws IOException {
        long recovered;
        try (LsmStore store = LsmStore.open(folder, KilledProcess.options(durability).build())) {
            recovered = store.lastSequence();
            assertThat(recovered).as("recovered under %s", durability).isGreaterThanOrEqualTo(durable);
            NavigableMap<byte[], byte[]> expected = KilledProcess.contents(recovered);
            assertThat(expected).as("a write ends with %s", recovered).isNotNull();
            if (store.family("state") != null) {
                NavigableMap<byte[], byte[]> found = SimulatedStore.contents(store, store.family("state"));
                assertThat(WriteLog.digest(found)).as("contents up to %s under %s", recovered, durability).isEqualTo(WriteLog.digest(expected));
                SimulatedStore.checkGets(store, store.family("state"), found);
            } else {
                assertThat(recovered).isZero();
            }
            // A merge that closing cuts short would leave its output.
            store.awaitIdle();
        }
        SimulatedStore.checkNoOrphans(NioVfs.INSTANCE, folder);
        return recovered;
    }

    private static Path copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        try (Stream<Path> files = Files.list(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
        return to;
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
