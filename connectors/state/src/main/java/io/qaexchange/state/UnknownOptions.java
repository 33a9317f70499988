package io.qaexchange.state;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ReadableConfig;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds options of a configuration that have no effect, misspelt ones for instance, and reports each once per process. Thread-safe. */
final class UnknownOptions {
    private static final Logger LOG = LoggerFactory.getLogger(UnknownOptions.class);
    private static final Set<String> REPORTED = ConcurrentHashMap.newKeySet();

    private UnknownOptions() {
    }

    static void report(ReadableConfig config) {
        for (String warning : warnings(config)) {
            if (REPORTED.add(warning)) {
                LOG.warn(warning);
            }
        }
    }

    /** One sentence for each option that is set and has no effect. */
    static List<String> warnings(ReadableConfig config) {
        Map<String, String> set = new TreeMap<>(config.toMap());
        List<String> warnings = new ArrayList<>();
        Set<String> known = LsmStateOptions.ALL.stream().map(ConfigOption::key).collect(Collectors.toSet());
        for (String key : set.keySet()) {
            if (key.startsWith(LsmStateOptions.PREFIX) && !known.contains(key)) {
                warnings.add("option " + key + " is unknown and has no effect; the nearest known one is " + nearest(key, known));
            }
        }
        if (config.get(LsmStateOptions.MANAGED_MEMORY) && set.containsKey(LsmStateOptions.FIXED_PER_OPERATOR.key())) {
            warnings.add("option " + LsmStateOptions.FIXED_PER_OPERATOR.key() + " has no effect while " + LsmStateOptions.MANAGED_MEMORY.key()
                    + " is true");
        }
        return warnings;
    }

    private static String nearest(String key, Set<String> known) {
        return known.stream().min(Comparator.<String>comparingInt(other -> distance(key, other)).thenComparing(Comparator.naturalOrder()))
                .orElseThrow();
    }

    /** How many letters are to be inserted, removed or replaced to get from one word to the other. */
    static int distance(String a, String b) {
        int[] above = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            above[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int[] row = new int[b.length() + 1];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = above[j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(replaced, 1 + Math.min(above[j], row[j - 1]));
            }
            above = row;
        }
        return above[b.length()];
    }
}
