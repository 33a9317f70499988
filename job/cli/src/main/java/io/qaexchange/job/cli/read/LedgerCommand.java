package io.qaexchange.job.cli.read;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.cli.cluster.ClusterFolder;
import io.qaexchange.job.cli.demo.RunFolder;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.query.ledger.LedgerReader;
import io.qaexchange.job.query.ledger.LedgerSums;
import io.qaexchange.job.query.ledger.LedgerView;
import io.qaexchange.job.stream.JobOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code bin/ledger}. */
@Command(name = "ledger", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Prints accounts, positions and open orders of a checkpoint or savepoint, and whether they add up.",
        footer = {"", "Exit code: 0 it adds up, 1 it does not or there is no such account or instrument, 2 it could not run."})
public final class LedgerCommand implements Callable<Integer> {

    private static final String LATEST = "latest";

    @Option(names = "--checkpoint", paramLabel = "PATH|latest",
            description = "The checkpoint or savepoint; latest: the newest in --dir. Default with --dir: latest.")
    private String checkpoint;
    @Option(names = "--dir", description = "Folder of a demo or of a cluster.")
    private Path folder;
    @Option(names = "--account", description = "Only this account.")
    private String account;
    @Option(names = "--instrument", description = "Only positions and orders of this instrument.")
    private String instrument;
    @Option(names = "--instruments", paramLabel = "FILE", description = "Instruments file of the job; default: that of the demo in --dir.")
    private String instrumentsFile;
    @Option(names = "--format", defaultValue = "table", description = "table or json. Default: ${DEFAULT-VALUE}.")
    private String format;

    /** Runs the command. */
    public static void main(String[] args) {
        Tool.run(new LedgerCommand(), args);
    }

    @Override
    public Integer call() throws Exception {
        if (!format.equals("table") && !format.equals("json")) {
            throw new UsageException("--format must be table or json, not " + format);
        }
        LedgerView all = LedgerReader.read(CheckpointReader.open(path()), instruments());
        LedgerSums sums = all.sums();
        if (account != null && !all.accounts().containsKey(account)) {
            System.err.println("ledger: no account " + account + "; there are " + all.accounts().size());
            return Tool.BAD;
        }
        if (instrument != null && !all.instruments().containsKey(instrument)) {
            System.err.println("ledger: no instrument " + instrument + "; there are " + all.instruments().size());
            return Tool.BAD;
        }
        LedgerView shown = all.only(id -> account == null || id.equals(account), id -> instrument == null || id.equals(instrument));
        if (format.equals("json")) {
            System.out.println(new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT)
                    .writeValueAsString(LedgerJson.of(shown, sums)));
        } else {
            new LedgerText(System.out).print(shown, sums);
        }
        sums.problems().forEach(problem -> System.err.println("ledger: " + problem));
        return sums.addsUp() ? Tool.GOOD : Tool.BAD;
    }

    private String path() throws Exception {
        boolean latest = checkpoint == null || checkpoint.equals(LATEST);
        if (latest && folder == null) {
            throw new UsageException("say --checkpoint PATH, or --dir (folder of a demo or of a cluster)");
        }
        if (!latest) {
            return JobOptions.folderUri(checkpoint);
        }
        if (!Files.isDirectory(folder)) {
            throw new UsageException("there is no folder " + folder);
        }
        return isDemo() ? folder.resolve(RunFolder.read(folder).savepoint()).toUri().toString() : ClusterFolder.of(folder).latestSnapshot();
    }

    private Instruments instruments() {
        if (instrumentsFile == null && isDemo()) {
            return Instruments.load(folder.resolve(RunFolder.read(folder).instruments()));
        }
        return JobOptions.instruments(instrumentsFile);
    }

    private boolean isDemo() {
        return folder != null && Files.exists(folder.resolve(RunFolder.FILE));
    }
}
