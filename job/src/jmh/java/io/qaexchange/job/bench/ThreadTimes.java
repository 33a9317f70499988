package io.qaexchange.job.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Processor time of this process by what its threads do. Other than the clock it hardly depends on what else the machine is doing, and
 * it says which part of the job a change was worth. A thread's last moments before it ends are lost: what ran since the last
 * {@link #look}. One thread.
 */
final class ThreadTimes {

    /** What is not of a Java thread: compilers and garbage collection. */
    private static final String VIRTUAL_MACHINE = "virtual machine";

    private static final String OTHER = "other";
    /** Begin of a thread's name, and what it does; the first that fits counts. */
    private static final List<Map.Entry<String, String>> GROUPS = List.of(
            Map.entry("Source:", "source, decode"),
            Map.entry("Event store", "event store"),
            Map.entry("Ledger: instruments", "ledger, instruments"),
            Map.entry("Ledger: accounts", "ledger, accounts"),
            Map.entry("Ledger: tables", "ledger, tables"),
            Map.entry("archive writer", "archive writer"),
            Map.entry("Archive:", "archive sink"),
            Map.entry("lsm-", "engine, background"),
            Map.entry("AsyncOperations", "checkpoint, background"));

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final com.sun.management.OperatingSystemMXBean process =
            (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final Map<Long, String> groupById = new HashMap<>();
    private final Map<Long, Long> firstNs = new HashMap<>();
    private final Map<Long, Long> lastNs = new HashMap<>();
    private final long processFirstNs;

    /** Counts from here on. */
    ThreadTimes() {
        processFirstNs = process.getProcessCpuTime();
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
        return GROUPS.stream().filter(group -> threadName.startsWith(group.getKey())).map(Map.Entry::getValue).findFirst().orElse(OTHER);
    }

    /** Nanoseconds by group since this was made; what no thread had is the virtual machine's. */
    Map<String, Long> byGroup() {
        look();
        long wholeNs = process.getProcessCpuTime() - processFirstNs;
        Map<String, Long> groups = new TreeMap<>();
        lastNs.forEach((id, ns) -> groups.merge(groupById.getOrDefault(id, OTHER), ns - firstNs.get(id), Long::sum));
        long ofThreads = groups.values().stream().mapToLong(Long::longValue).sum();
        groups.put(VIRTUAL_MACHINE, Math.max(0, wholeNs - ofThreads));
        return groups;
    }

    /** Nanoseconds of the job's own threads: without compilers and garbage collection, and without the benchmark. */
    static long ofJob(Map<String, Long> groups) {
        return groups.entrySet().stream().filter(group -> !group.getKey().equals(VIRTUAL_MACHINE) && !group.getKey().equals(OTHER))
                .mapToLong(Map.Entry::getValue).sum();
    }

    /** Microseconds for each of so many events, the largest first. */
    static String text(Map<String, Long> groups, long events) {
        return groups.entrySet().stream().sorted(Map.Entry.<String, Long>comparingByValue().reversed())
                .map(group -> String.format(Locale.ROOT, "%s %.2f", group.getKey(), group.getValue() / 1e3 / events))
                .collect(Collectors.joining(", "));
    }
}
