package io.qaexchange.job.stream;

import io.qaexchange.job.model.UsageException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import javax.annotation.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** The command line of the job, made from {@link JobOptions#ALL}. */
final class JobCommand {

    private static final String CONFIG = "--config";
    private static final String HELP = "--help";
    private static final String KAFKA_ARGUMENT = "--" + JobOptions.KAFKA_PREFIX;

    private JobCommand() {
    }

    /**
     * Reads the command line and the file that it names.
     *
     * @return the options, or null if only help was asked for, which is then printed
     * @throws UsageException if something is unknown or cannot be read
     */
    @Nullable
    static JobOptions parse(String[] args) {
        Map<String, String> kafka = new LinkedHashMap<>();
        List<String> rest = new ArrayList<>();
        for (int i = 0; i < args.length; i++) {
            if (args[i].startsWith(KAFKA_ARGUMENT)) {
                String[] parts = args[i].substring(2).split("=", 2);
                if (parts.length == 1 && i + 1 == args.length) {
                    throw new UsageException("command line: " + args[i] + " has no value");
                }
                kafka.put(parts[0], parts.length == 2 ? parts[1] : args[++i]);
            } else {
                rest.add(args[i]);
            }
        }
        CommandLine command = new CommandLine(spec());
        CommandLine.ParseResult parsed;
        try {
            parsed = command.parseArgs(rest.toArray(new String[0]));
        } catch (ParameterException e) {
            throw new UsageException("command line: " + e.getMessage(), e);
        }
        if (parsed.hasMatchedOption(HELP)) {
            command.usage(new PrintWriter(System.out, true));
            return null;
        }
        Map<String, String> texts = new LinkedHashMap<>();
        String where = "command line";
        if (parsed.hasMatchedOption(CONFIG)) {
            String file = parsed.matchedOptionValue(CONFIG, "");
            texts.putAll(JobOptions.readYaml(Path.of(file)));
            where = "command line or " + file;
        }
        for (OptionSpec option : parsed.matchedOptions()) {
            if (!option.longestName().equals(CONFIG)) {
                texts.put(option.longestName().substring(2), option.getValue());
            }
        }
        texts.putAll(kafka);
        return JobOptions.of(texts, where);
    }

    private static CommandSpec spec() {
        CommandSpec spec = CommandSpec.create().name("ExchangeJob");
        spec.usageMessage().description("Stores exchange events from Kafka exactly once: hot in Flink's state, then archived as Parquet.")
                .footer("", "--kafka.NAME=VALUE is passed to the Kafka clients unchanged.").width(120);
        spec.addOption(OptionSpec.builder(CONFIG).type(String.class).paramLabel("FILE")
                .description("YAML file with the same options, without the leading dashes.").build());
        for (JobOption<?> option : JobOptions.ALL) {
            String defaultText = option.defaultText() == null ? "" : " Default: " + option.defaultText() + ".";
            spec.addOption(OptionSpec.builder("--" + option.name()).type(String.class).paramLabel("VALUE")
                    .description(option.description() + " (" + option.unit() + ")" + defaultText).build());
        }
        spec.addOption(OptionSpec.builder(HELP).usageHelp(true).type(boolean.class).description("Prints this help.").build());
        return spec;
    }
}
