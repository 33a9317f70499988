package io.qaexchange.job.bench;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Processor time of this process by what its threads do, the virtual machine's own among them where Linux tells it. Other than the clock it hardly depends on what else the machine is doing, and
 * it says which part of the job a change was worth. A thread's last moments before it ends are lost: what ran since the last
 * {@link #look}. One thread.
 */
final class ThreadTimes {

    /** Compiling; what compiles has ended when a job has run for long. */
    static final String COMPILING = "compiling";
    /** Collecting garbage. */
    static final String COLLECTING = "collecting";
    /** Making Parquet files of rows. */
    static final String ARCHIVE_WRITER = "archive writer";
    /** Threads that are not Java's: all compiling and collecting where they cannot be told apart. */
    private static final String VIRTUAL_MACHINE = "virtual machine";

    private static final String FLINK = "Flink";
    private static final String BROKER = "broker";
    private static final String OTHER = "other, benchmark";
    private static final Set<String> NOT_OF_JOB = Set.of(COMPILING, COLLECTING, VIRTUAL_MACHINE, FLINK, BROKER, OTHER);
    /** Begin of a thread's name, and what it does; the first that fits counts. */
    private static final List<Map.Entry<String, String>> GROUPS = List.of(
            Map.entry("Source:", "source, decode"),
            Map.entry("Event store", "event store"),
            Map.entry("Ledger: instruments", "ledger, instruments"),
            Map.entry("Ledger: accounts", "ledger, accounts"),
            Map.entry("Ledger: tables", "ledger, tables"),
            Map.entry("archive writer", ARCHIVE_WRITER),
            Map.entry("Archive:", "archive sink"),
            Map.entry("lsm-", "engine, background"),
            Map.entry("AsyncOperations", "checkpoint, background"),
            Map.entry("flink-", FLINK),
            Map.entry("jobmanager", FLINK),
            Map.entry("kafka-", BROKER),
            Map.entry("data-plane", BROKER));
    /** As the entries before, for threads of the virtual machine as Linux names them. */
    private static final List<Map.Entry<String, String>> NATIVE_GROUPS = List.of(
            Map.entry("C1 Compiler", COMPILING),
            Map.entry("C2 Compiler", COMPILING),
            Map.entry("Sweeper", COMPILING),
            Map.entry("GC Thread", COLLECTING),
            Map.entry("VM Thread", COLLECTING));
    private static final Path NATIVE_THREADS = Path.of("/proc/self/task");
    /** Field of a thread's stat file, counted from after its name: user and system time in ticks of 10 ms. */
    private static final int USER_TICKS = 11;
    private static final long NS_PER_TICK = 10_000_000L;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final com.sun.management.OperatingSystemMXBean process =
            (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final Map<Long, String> groupById = new HashMap<>();
    private final Map<Long, Long> firstNs = new HashMap<>();
    private final Map<Long, Long> lastNs = new HashMap<>();
    private final long processFirstNs;
    private final Map<String, Long> nativeFirstNs;

    /** Counts from here on. */
    ThreadTimes() {
        processFirstNs = process.getProcessCpuTime();
        nativeFirstNs = nativeTimes();
        look(true);
    }

    /** Notes the times of all threads that live now. */
    void look() {
        look(false);
    }

    private void look(boolean first) {
        long[] ids = threads.getAllThreadIds();
        long[] times = threads.getThreadCpuTime(ids);
        for (int i = 0; i < ids.length; i++) {
            if (times[i] >= 0) {
                firstNs.putIfAbsent(ids[i], first ? times[i] : 0L);
                lastNs.put(ids[i], times[i]);
            }
        }
        long[] unnamed = Arrays.stream(ids).filter(id -> !groupById.containsKey(id)).toArray();
        for (java.lang.management.ThreadInfo info : threads.getThreadInfo(unnamed)) {
            if (info != null) {
                groupById.put(info.getThreadId(), group(info.getThreadName()));
            }
        }
    }

    private static String group(String threadName) {
        return group(GROUPS, threadName);
    }

    private static String group(List<Map.Entry<String, String>> groups, String threadName) {
        return groups.stream().filter(group -> threadName.startsWith(group.getKey())).map(Map.Entry::getValue).findFirst().orElse(OTHER);
    }

    /** Nanoseconds by group of the virtual machine's own threads; empty where the system does not tell. */
    private static Map<String, Long> nativeTimes() {
        Map<String, Long> times = new HashMap<>();
        try (DirectoryStream<Path> tasks = Files.newDirectoryStream(NATIVE_THREADS)) {
            for (Path task : tasks) {
                addNativeTime(task, times);
            }
        } catch (IOException e) {
            return Map.of();
        }
        return times;
    }

    private static void addNativeTime(Path task, Map<String, Long> times) {
        try {
            String stat = Files.readString(task.resolve("stat"));
            String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
            String group = group(NATIVE_GROUPS, name);
            if (!group.equals(OTHER)) {
                String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
                times.merge(group, (Long.parseLong(fields[USER_TICKS]) + Long.parseLong(fields[USER_TICKS + 1])) * NS_PER_TICK, Long::sum);
            }
        } catch (IOException e) {
            // The thread has ended in between: what it did is told with what no thread had.
            times.merge(OTHER, 0L, Long::sum);
        }
    }

    /** Nanoseconds by group since this was made; what no thread had is the virtual machine's. */
    Map<String, Long> byGroup() {
        look();
        long wholeNs = process.getProcessCpuTime() - processFirstNs;
        Map<String, Long> groups = new TreeMap<>();
        lastNs.forEach((id, ns) -> groups.merge(groupById.getOrDefault(id, OTHER), ns - firstNs.get(id), Long::sum));
        Map<String, Long> own = nativeTimes();
        own.forEach((group, ns) -> groups.merge(group, Math.max(0, ns - nativeFirstNs.getOrDefault(group, 0L)), Long::sum));
        long ofThreads = groups.values().stream().mapToLong(Long::longValue).sum();
        groups.put(VIRTUAL_MACHINE, Math.max(0, wholeNs - ofThreads));
        return groups;
    }

    /** Nanoseconds of the job's own threads: without the virtual machine, Flink's own, a broker in this process, and the benchmark. */
    static long ofJob(Map<String, Long> groups) {
        return groups.entrySet().stream().filter(group -> !NOT_OF_JOB.contains(group.getKey())).mapToLong(Map.Entry::getValue).sum();
    }

    /** Microseconds for each of so many events, the largest first. */
    static String text(Map<String, Long> groups, long events) {
        return groups.entrySet().stream().sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .map(group -> String.format(Locale.ROOT, "%s %.2f", group.getKey(), group.getValue() / 1e3 / events))
                .collect(Collectors.joining(", "));
    }
}
