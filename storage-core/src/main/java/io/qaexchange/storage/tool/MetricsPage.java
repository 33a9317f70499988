package io.qaexchange.storage.tool;

import io.qaexchange.storage.StoreMetric;
import java.util.Locale;

/** Renders {@link StoreMetric} for {@code docs/metrics.md}. Stateless. */
public final class MetricsPage {
    private MetricsPage() {}

    /** A markdown table: a row for each metric, in the order of the enum, ended by a line feed. */
    public static String table() {
        StringBuilder table = new StringBuilder("| metric | kind | unit | meaning |\n|---|---|---|---|\n");
        for (StoreMetric metric : StoreMetric.values()) {
            table.append("| `").append(metric.id()).append("` | ").append(lower(metric.kind())).append(" | ").append(lower(metric.unit())).append(" | ")
                    .append(metric.description().replace("|", "\\|")).append(" |\n");
        }
        return table.toString();
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }
}
