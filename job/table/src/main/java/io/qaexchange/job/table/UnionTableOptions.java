package io.qaexchange.job.table;

import io.qaexchange.job.query.live.EndpointPool;
import io.qaexchange.job.query.live.FlinkJobDirectory;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.query.live.ReadLevel;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.time.Duration;
import javax.annotation.Nullable;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;

/**
 * The options of a table. Immutable.
 *
 * @param flink address of the REST interface of the cluster that runs the exchange job
 * @param job name or id of the job
 * @param table record type
 * @param level how fresh and how exact the rows are; a text of {@link ReadLevel}
 * @param patience how long a query waits for a job that restarts
 * @param flinkConf folder of the config.yaml of the job's cluster; null without Flink's internal TLS
 */
record UnionTableOptions(String flink, String job, String table, String level, Duration patience, @Nullable String flinkConf)
        implements Serializable {

    static final ConfigOption<String> FLINK = ConfigOptions.key("flink").stringType().noDefaultValue()
            .withDescription("Flink's REST interface of the cluster that runs the exchange job, such as http://127.0.0.1:8081.");
    static final ConfigOption<String> JOB = ConfigOptions.key("job").stringType().defaultValue("exchange-job")
            .withDescription("Name or id of the exchange job. Queries on the same cluster are jobs too, so it has a default.");
    static final ConfigOption<String> TABLE = ConfigOptions.key("table").stringType().noDefaultValue()
            .withDescription("The table to read, such as trade. Default: the name of the Flink table.");
    static final ConfigOption<String> LEVEL = ConfigOptions.key("level").stringType().defaultValue("live")
            .withDescription("live: newest rows. checkpoint or checkpoint:<id>: all instruments as of one Flink checkpoint. archive: archived rows only.");
    static final ConfigOption<Duration> PATIENCE = ConfigOptions.key("patience").durationType().defaultValue(Duration.ofSeconds(10))
            .withDescription("How long a query waits for a job that restarts, before it fails.");
    static final ConfigOption<String> FLINK_CONF = ConfigOptions.key("flink-conf").stringType().noDefaultValue()
            .withDescription("Folder of the config.yaml of the job's cluster, on every machine that reads. Needed if it uses Flink's internal TLS.");

    private static final int FLINK_PORT = 8081;

    /**
     * Checks options.
     *
     * @param name name of the Flink table
     * @throws ValidationException naming the option that is wrong
     */
    static UnionTableOptions of(ReadableConfig options, String name) {
        UnionTableOptions read = new UnionTableOptions(options.get(FLINK), options.get(JOB), options.getOptional(TABLE).orElse(name),
                options.get(LEVEL), options.get(PATIENCE), options.getOptional(FLINK_CONF).orElse(null));
        read.address();
        try {
            ReadLevel level = ReadLevel.parse(read.level);
            if (level instanceof ReadLevel.CheckpointInFiles || level instanceof ReadLevel.Stale) {
                throw new ValidationException("option 'level': " + read.level + " is for bin/query and the query server; here are live, checkpoint, "
                        + "checkpoint:<id> and archive");
            }
        } catch (IllegalArgumentException e) {
            throw new ValidationException("option 'level': " + read.level + " is none of live, checkpoint, checkpoint:<id>, archive", e);
        }
        if (read.patience.isNegative()) {
            throw new ValidationException("option 'patience': " + read.patience + " is negative");
        }
        return read;
    }

    private URI address() {
        try {
            URI address = URI.create(flink.contains("://") ? flink : "http://" + flink);
            if (address.getHost() != null) {
                return address;
            }
        } catch (IllegalArgumentException e) {
            throw new ValidationException("option 'flink': " + flink + " is no address such as http://127.0.0.1:8081", e);
        }
        throw new ValidationException("option 'flink': " + flink + " is no address such as http://127.0.0.1:8081");
    }

    ReadLevel readLevel() {
        return ReadLevel.parse(level);
    }

    /** A reader of the job. */
    LiveReader reader() throws IOException {
        URI address = address();
        return new LiveReader(FlinkJobDirectory.of(address.getHost(), address.getPort() < 0 ? FLINK_PORT : address.getPort(), job), pool(), patience);
    }

    /** Connections to the job's subtasks. */
    EndpointPool pool() throws IOException {
        return EndpointPool.of(flinkConf == null ? new Configuration() : GlobalConfiguration.loadConfiguration(flinkConf));
    }
}
