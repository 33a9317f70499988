package io.qaexchange.job.cli.table;

import io.qaexchange.iceberg.IcebergMirror;
import io.qaexchange.iceberg.OutsideCatalog;
import io.qaexchange.job.cli.Tool;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.annotation.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/table sync}. */
@Command(name = "sync", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Brings the Iceberg tables to the newest version of the archive manifest: one snapshot for each version that concerns a table.",
            "Run it again at any time, beside a running job or without one; one process at a time."},
        footer = {"", "Exit code: 0 good, 2 it could not run."})
final class SyncCommand implements Callable<Integer> {

    @Mixin
    private MirrorOption mirror;
    @Nullable
    @Option(names = "--catalog", paramLabel = "FILE", description = CatalogFile.DESCRIPTION)
    private Path catalog;

    @Override
    public Integer call() throws Exception {
        Map<String, String> outside = catalog == null ? null : CatalogFile.read(catalog);
        IcebergMirror tables = mirror.open();
        IcebergMirror.SyncReport report = tables.sync();
        System.out.printf("archive manifest version %,d, was %,d; %,d snapshots%s%n", report.toVersion(), report.fromVersion(), report.snapshots(),
                report.skippedVersions() == 0 ? "" : String.format("; %,d versions are not kept any more", report.skippedVersions()));
        if (outside != null) {
            try (OutsideCatalog registered = OutsideCatalog.open(outside)) {
                registered.register(tables).forEach(System.out::println);
            }
        }
        return Tool.GOOD;
    }
}
