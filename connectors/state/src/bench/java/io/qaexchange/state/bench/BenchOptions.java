package io.qaexchange.state.bench;

import io.qaexchange.state.bench.BenchBackend.Kind;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** {@code --name value} options of a benchmark; a mistake ends the process with code 2 and the usage. */
final class BenchOptions {
    private final Map<String, String> values = new HashMap<>();

    /** @param names options with a value; {@code quick} is a flag that all have */
    static BenchOptions parse(String[] args, String usage, List<String> names) {
        BenchOptions options = new BenchOptions();
        for (int i = 0; i < args.length; i++) {
            String name = args[i].startsWith("--") ? args[i].substring(2) : "";
            if (name.equals("quick")) {
                options.values.put(name, "true");
            } else if (names.contains(name) && i + 1 < args.length) {
                options.values.put(name, args[++i]);
            } else {
                System.err.println(args[i] + " is not an option, or lacks its value" + System.lineSeparator() + "usage: " + usage);
                System.exit(2);
            }
        }
        return options;
    }

    boolean quick() {
        return values.containsKey("quick");
    }

    long number(String name, long byDefault) {
        String value = values.get(name);
        if (value == null) {
            return byDefault;
        }
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            System.err.println("--" + name + " must be a number, not " + value);
            System.exit(2);
            throw e;
        }
    }

    /** Ours and RocksDB, or the one that {@code --only} names. */
    List<Kind> contenders() {
        String only = text("only", "");
        return switch (only) {
            case "" -> List.of(Kind.OURS, Kind.ROCKSDB);
            case "lsm" -> List.of(Kind.OURS);
            case "rocksdb" -> List.of(Kind.ROCKSDB);
            default -> {
                System.err.println("--only must be lsm or rocksdb, not " + only);
                System.exit(2);
                throw new IllegalArgumentException(only);
            }
        };
    }

    String text(String name, String byDefault) {
        return values.getOrDefault(name, byDefault);
    }
}
