package io.qaexchange.job.server.http;

/** Metrics of a query server beside the times of its requests, as Prometheus reads them from {@code /metrics}. */
public enum ServerMetric {
    QUERIES_RUNNING("queries_running", "queries", "Queries that run now."),
    QUERIES_WAITING("queries_waiting", "queries", "Queries that wait for a place among those that run."),
    PG_CONNECTIONS("pg_connections", "connections", "Connections over the PostgreSQL wire protocol."),
    FLIGHT_STREAMS("flight_streams", "streams", "Results that clients of Flight SQL read now."),
    ICEBERG_LAG_VERSIONS("iceberg_lag_versions", "versions", "Archive manifest versions that the Iceberg tables lack."),
    ICEBERG_LAG_SECONDS("iceberg_lag_seconds", "seconds", "Time since the Iceberg tables lack a version; 0 if they lack none."),
    ICEBERG_FAILED_SYNCS("iceberg_failed_syncs", "attempts", "Attempts to bring the Iceberg tables up to date that failed since the last good one.");

    /** Histogram of the times of requests, with labels route and status. */
    public static final String REQUESTS = "qaexchange_server_request_seconds";
    public static final String REQUESTS_DESCRIPTION = "Time from request to the end of its answer.";

    private static final String PREFIX = "qaexchange_server_";

    private final String id;
    private final String unit;
    private final String description;

    ServerMetric(String name, String unit, String description) {
        this.id = PREFIX + name;
        this.unit = unit;
        this.description = description;
    }

    /** Its name. */
    public String id() {
        return id;
    }

    public String unit() {
        return unit;
    }

    public String description() {
        return description;
    }
}
