package io.qaexchange.job.cli.read;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.query.ledger.LedgerJson;
import io.qaexchange.job.query.ledger.LedgerReader;
import io.qaexchange.job.query.ledger.LedgerSums;
import io.qaexchange.job.query.ledger.LedgerView;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code bin/ledger}. */
@Command(name = "ledger", mixinStandardHelpOptions = true, sortOptions = false,
        description = "Prints accounts, positions and open orders of a checkpoint or savepoint, and checks that they add up.",
        footer = {"", "Exit code: 0 everything adds up; 1 it does not, or the account or instrument does not exist; 2 the command could not run."})
public final class LedgerCommand implements Callable<Integer> {

    @Mixin
    private SourceOptions source;
    @Option(names = "--account", description = "Show only this account.")
    private String account;
    @Option(names = "--instrument", description = "Show only positions and orders of this instrument.")
    private String instrument;
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
        LedgerView all = LedgerReader.read(source.openCheckpoint(), source.instruments());
        LedgerSums sums = all.sums();
        if (account != null && !all.accounts().containsKey(account)) {
            System.err.println("ledger: no account " + account + "; there are " + all.accounts().size() + NearNames.hint(account, all.accounts().keySet()));
            return Tool.BAD;
        }
        if (instrument != null && !all.instruments().containsKey(instrument)) {
            System.err.println("ledger: no instrument " + instrument + "; there are " + all.instruments().size()
                    + NearNames.hint(instrument, all.instruments().keySet()));
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
}
