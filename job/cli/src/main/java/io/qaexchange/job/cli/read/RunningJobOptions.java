package io.qaexchange.job.cli.read;

import io.qaexchange.job.cli.cluster.ClusterFolder;
import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.live.EndpointPool;
import io.qaexchange.job.query.live.FlinkJobDirectory;
import io.qaexchange.job.query.live.LiveReader;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import javax.annotation.Nullable;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import picocli.CommandLine.Option;

/** The running job that a command reads: the cluster of a folder, or any other by the address of its REST interface. */
final class RunningJobOptions {

    private static final int FLINK_PORT = 8081;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    @Option(names = "--flink", paramLabel = "URL", description = "Flink's REST interface, such as http://127.0.0.1:8081; instead of --dir.")
    String flink;
    @Option(names = "--job", paramLabel = "NAME", description = "Name or id of the job. Default: the only one that runs.")
    String job;
    @Option(names = "--flink-conf", paramLabel = "FOLDER",
            description = "Folder of the cluster's config.yaml. Needed if the cluster uses Flink's internal TLS.")
    private Path flinkConf;

    /** Whether any of the options was given. */
    boolean isGiven() {
        return flink != null || job != null || flinkConf != null;
    }

    /**
     * The address of Flink's REST interface, with its port.
     *
     * @param folder value of {@code --dir}; null if it was not given
     * @param otherwise the folder that is taken if neither was given
     */
    URI address(@Nullable Path folder, Path otherwise) throws IOException {
        if (folder != null && flink != null) {
            throw new UsageException("say either --dir (folder of a cluster) or --flink (URL of Flink's REST interface)");
        }
        if (flink != null) {
            return withPort(flink);
        }
        Path of = folder == null ? otherwise : folder;
        if (!Files.isDirectory(of)) {
            throw new UsageException("there is no folder " + of + (folder == null ? ": say --dir (folder of a cluster) or --flink (URL)" : ""));
        }
        return URI.create("http://127.0.0.1:" + ClusterFolder.of(of).port());
    }

    private static URI withPort(String text) {
        try {
            URI uri = URI.create(text.contains("://") ? text : "http://" + text);
            if (uri.getHost() != null) {
                return uri.getPort() >= 0 ? uri : URI.create(uri.getScheme() + "://" + uri.getHost() + ":" + FLINK_PORT);
            }
        } catch (IllegalArgumentException e) {
            throw new UsageException("--flink " + text + " is no URL such as http://127.0.0.1:8081", e);
        }
        throw new UsageException("--flink " + text + " is no URL such as http://127.0.0.1:8081");
    }

    /** Flink's configuration of the cluster, as far as reads need it. */
    Configuration configuration() {
        if (flinkConf == null) {
            return new Configuration();
        }
        if (!Files.exists(flinkConf.resolve(GlobalConfiguration.FLINK_CONF_FILENAME))) {
            throw new UsageException("--flink-conf " + flinkConf + ": there is no " + GlobalConfiguration.FLINK_CONF_FILENAME + " in it");
        }
        return GlobalConfiguration.loadConfiguration(flinkConf.toString());
    }

    /** Opens reads of the job at an address. */
    LiveReader reader(URI address) throws IOException {
        return new LiveReader(FlinkJobDirectory.of(address.getHost(), address.getPort(), job), EndpointPool.of(configuration()), PATIENCE);
    }
}
