package io.qaexchange.job.cli.table;

import io.qaexchange.iceberg.IcebergMirror;
import io.qaexchange.iceberg.OutsideCatalog;
import io.qaexchange.job.cli.Tool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.annotation.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/table repair}. */
@Command(name = "repair", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Puts tables right that somebody else changed, or whose metadata is damaged, and syncs.",
            "Nothing is lost: commits of others stay as branch foreign-<snapshot>, metadata that is made anew is put aside in _iceberg."},
        footer = {"", "Exit code: 0 good, 2 it could not run."})
final class RepairCommand implements Callable<Integer> {

    @Mixin
    private MirrorOption mirror;
    @Option(names = "--rebuild", description = "Make all tables anew from the archive manifest: their older snapshots are put aside.")
    private boolean rebuild;
    @Nullable
    @Option(names = "--catalog", paramLabel = "FILE", description = CatalogFile.DESCRIPTION)
    private Path catalog;

    @Override
    public Integer call() throws Exception {
        Map<String, String> outside = catalog == null ? null : CatalogFile.read(catalog);
        IcebergMirror tables = mirror.open();
        List<String> done = new ArrayList<>(tables.repair(rebuild));
        if (outside != null) {
            try (OutsideCatalog registered = OutsideCatalog.open(outside)) {
                done.addAll(registered.repair(tables));
            }
        }
        done.forEach(System.out::println);
        System.out.println(done.isEmpty() ? "nothing to repair" : "repaired");
        return Tool.GOOD;
    }
}
