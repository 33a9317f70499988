package io.qaexchange.job.cli.table;

import io.qaexchange.iceberg.IcebergMirror;
import io.qaexchange.iceberg.TableStatus;
import io.qaexchange.job.cli.Tool;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code bin/table status}. */
@Command(name = "status", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Compares each Iceberg table with the newest version of the archive manifest: its files, their rows and lengths.",
        footer = {"", "Exit code: 0 all show the same, 1 one does not (it is named), 2 it could not run."})
final class StatusCommand implements Callable<Integer> {

    @Mixin
    private MirrorOption mirror;

    @Override
    public Integer call() throws Exception {
        IcebergMirror.Status status = mirror.open().status();
        System.out.printf("archive manifest version %,d, tables at %,d: %,d behind%n", status.newestVersion(), status.mirrorVersion(), status.lag());
        for (TableStatus table : status.tables()) {
            System.out.printf("%s: snapshot %d of manifest version %,d, %,d files, %,d rows; archive %,d files, %,d rows%s%n", table.table(),
                    table.snapshotId(), table.manifestVersion(), table.files(), table.rows(), table.listedFiles(), table.listedRows(),
                    table.problem() != null ? "; problem: " + table.problem() : table.isSame() ? "" : "; run bin/table sync");
        }
        System.out.println(status.isCurrent() ? "TABLES SHOW THE ARCHIVE" : "TABLES DIFFER FROM THE ARCHIVE");
        return status.isCurrent() ? Tool.GOOD : Tool.BAD;
    }
}
