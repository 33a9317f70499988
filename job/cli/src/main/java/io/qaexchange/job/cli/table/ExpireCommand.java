package io.qaexchange.job.cli.table;

import io.qaexchange.iceberg.SnapshotRetention;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/table expire}. */
@Command(name = "expire", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Takes old snapshots out of the Iceberg tables' metadata. Data files stay: bin/archive retain alone deletes them.",
            "The newest snapshots of each table, young ones, and the newest of each branch stay."},
        footer = {"", "Exit code: 0 good, 2 it could not run."})
final class ExpireCommand implements Callable<Integer> {

    @Mixin
    private MirrorOption mirror;
    @Option(names = "--keep", paramLabel = "N", defaultValue = "100", description = "Snapshots of a table that stay in any case. Default: ${DEFAULT-VALUE}.")
    private int keep;
    @Option(names = "--days", paramLabel = "DAYS", defaultValue = "7", description = "Younger snapshots stay too. Default: ${DEFAULT-VALUE}.")
    private int days;

    @Override
    public Integer call() throws Exception {
        SnapshotRetention retention;
        try {
            retention = new SnapshotRetention(keep, Duration.ofDays(days));
        } catch (IllegalArgumentException e) {
            throw new UsageException("--keep, --days: " + e.getMessage(), e);
        }
        Map<String, Integer> expired = mirror.open().expire(retention, Instant.now());
        expired.forEach((table, count) -> System.out.printf("%s: %,d snapshots expired%n", table, count));
        System.out.println(expired.isEmpty() ? "nothing to expire" : "expired; no data file was deleted");
        return Tool.GOOD;
    }
}
