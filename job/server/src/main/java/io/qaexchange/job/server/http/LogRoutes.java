package io.qaexchange.job.server.http;

import io.qaexchange.job.server.security.Role;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.config.Configurator;

/**
 * Levels of this server's log, until it ends. Loggers of this project only: at low levels others, such as those of the HTTP server, write headers, and
 * with them tokens. Thread-safe.
 */
public final class LogRoutes {

    private static final String OURS = "io.qaexchange";
    private static final List<String> LEVELS = List.of("OFF", "ERROR", "WARN", "INFO", "DEBUG", "TRACE");

    /** Levels that were set here, by logger. */
    private final Map<String, String> set = new ConcurrentSkipListMap<>();

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.add("GET", "/admin/log-level", Role.OPERATOR, (exchange, path) -> {
            exchange.allow();
            exchange.json(200, levels());
        });
        endpoint.add("POST", "/admin/log-level", Role.ADMIN, (exchange, path) -> set(exchange));
    }

    private void set(Exchange exchange) throws IOException {
        exchange.allow("logger", "level");
        String logger = exchange.required("logger");
        String level = exchange.required("level").toUpperCase(java.util.Locale.ROOT);
        if (!logger.equals(OURS) && !logger.startsWith(OURS + ".")) {
            throw Problem.badRequest("bad-parameter", "parameter logger: " + logger + " is not " + OURS + " or below: at low levels loggers of libraries write tokens");
        }
        if (!LEVELS.contains(level)) {
            throw Problem.badRequest("bad-parameter", "parameter level: " + level + " is none of " + String.join(", ", LEVELS));
        }
        Configurator.setLevel(logger, Level.valueOf(level));
        set.put(logger, level);
        exchange.json(200, levels());
    }

    private Map<String, Object> levels() {
        return Map.of(OURS, LogManager.getLogger(OURS).getLevel().name(), "set", new TreeMap<>(set), "process", "this server; JobManager and TaskManagers take"
                + " theirs from flink-conf/log4j2-cluster.properties, which is read again every 30 s");
    }
}
