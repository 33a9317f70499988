package io.qaexchange.storage.bench;

import io.qaexchange.storage.bench.Contender.Layout;
import io.qaexchange.storage.bench.Contender.Log;
import io.qaexchange.storage.bench.Contender.Setup;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;

/**
 * Memory of a process that writes and reads a store, without that of the JVM: a process of its own for each, with a heap that is there
 * from the beginning. Anonymous memory is what counts against a container for good; file pages are the kernel's to take back.
 */
final class MemoryMeasures {
    private final BenchContext bench;

    MemoryMeasures(BenchContext bench) {
        this.bench = bench;
    }

    void run() throws Exception {
        BenchContext.step("memory");
        double[][] found = new double[2][];
        for (int which = 0; which < 2; which++) {
            Path folder = bench.newFolder();
            Process child = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xms192m", "-Xmx192m",
                    "-XX:+UseSerialGC", "-XX:+AlwaysPreTouch", "-XX:MaxDirectMemorySize=2g", "-cp", System.getProperty("java.class.path"),
                    Probe.class.getName(), String.valueOf(which), folder.toString(), String.valueOf(bench.records))
                    .redirectError(ProcessBuilder.Redirect.INHERIT).start();
            String[] words = new String(child.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).trim().split("\\s+");
            if (child.waitFor() != 0 || words.length != 2) {
                throw new IllegalStateException("the process that was to measure memory failed: " + String.join(" ", words));
            }
            found[which] = new double[] {Double.parseDouble(words[0]), Double.parseDouble(words[1])};
            BenchContext.delete(folder);
        }
        bench.results.compare("memory, anonymous, beyond the JVM's", "MB", found[0][0], found[1][0], false, 0);
        bench.results.compare("memory, resident, beyond the JVM's", "MB", found[0][1], found[1][1], false, 0);
    }

    /** Writes all records and reads as many, then prints what the process has more than before, in MB: anonymous, resident. */
    static final class Probe {
        private Probe() {}

        public static void main(String[] args) throws Exception {
            int which = Integer.parseInt(args[0]);
            int records = Integer.parseInt(args[2]);
            Workload workload = new Workload(records);
            byte[] key = new byte[Workload.KEY_BYTES];
            byte[] value = new byte[Workload.VALUE_BYTES];
            long anonymous = status("RssAnon");
            long resident = status("VmRSS");
            Setup setup = new Setup(Path.of(args[1]), Log.NONE, false, false, Layout.WINDOWS, BenchContext.USUAL_CACHE_BYTES);
            try (Contender contender = BenchContext.contender(which, setup)) {
                for (int i = 0; i < records; i++) {
                    workload.key(i, false, key);
                    workload.value(i, value);
                    contender.put(key, value);
                }
                contender.awaitIdle();
                SplittableRandom random = new SplittableRandom(1);
                for (int i = 0; i < records; i++) {
                    workload.key(random.nextInt(records), false, key);
                    contender.get(key);
                }
                System.out.println((status("RssAnon") - anonymous) / 1e3 + " " + (status("VmRSS") - resident) / 1e3);
            }
        }

        /** A line of the kernel's account of this process, in kB. */
        private static long status(String name) throws IOException {
            for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
                if (line.startsWith(name + ":")) {
                    return Long.parseLong(line.replaceAll("\\D+", ""));
                }
            }
            throw new IOException("/proc/self/status has no " + name);
        }
    }
}
