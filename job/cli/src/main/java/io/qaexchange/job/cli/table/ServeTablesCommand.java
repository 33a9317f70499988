package io.qaexchange.job.cli.table;

import io.qaexchange.iceberg.SnapshotRetention;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.server.CatalogServer;
import io.qaexchange.job.server.iceberg.ContinuousMirror;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import javax.annotation.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/table serve}. */
@Command(name = "serve", mixinStandardHelpOptions = true, sortOptions = false,
        description = {"Serves the Iceberg tables of an archive as a read-only REST catalogue on 127.0.0.1, without a job, until it is stopped.",
            "bin/serve --iceberg does the same beside a running job."},
        footer = {"", "Exit code: 0 it was stopped, 2 it could not run."})
final class ServeTablesCommand implements Callable<Integer> {

    @Mixin
    private MirrorOption mirror;
    @Option(names = "--port", paramLabel = "PORT", defaultValue = "8092", description = "Port to listen on; 0 for any. Default: ${DEFAULT-VALUE}.")
    private int port;
    @Nullable
    @Option(names = "--tokens", paramLabel = "FILE", description = "File of tokens (YAML), as bin/token makes them.")
    private Path tokens;
    @Option(names = "--sync", description = "Also keep the tables up to date, after each version of the archive manifest.")
    private boolean sync;
    @Nullable
    @Option(names = "--catalog", paramLabel = "FILE", description = {CatalogFile.DESCRIPTION, "Needs --sync."})
    private Path catalog;

    @Override
    public Integer call() throws Exception {
        if (catalog != null && !sync) {
            throw new UsageException("--catalog needs --sync");
        }
        ContinuousMirror.Settings settings = !sync ? null
                : ContinuousMirror.Settings.of(SnapshotRetention.DEFAULT, catalog == null ? Map.of() : CatalogFile.read(catalog));
        CatalogServer server = CatalogServer.start(mirror.store(), port, tokens, settings);
        Runtime.getRuntime().addShutdownHook(new Thread(server::close, "stops the catalogue"));
        System.out.println("Iceberg REST catalogue at http://127.0.0.1:" + server.port() + "/iceberg; Ctrl-C stops it");
        System.out.flush();
        server.join();
        return Tool.GOOD;
    }
}
