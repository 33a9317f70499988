package io.qaexchange.job.server.http;

import io.qaexchange.job.server.engine.JobMonitor;
import io.qaexchange.job.server.security.Role;

/** How the job fares. Thread-safe. */
public final class JobRoutes {

    private final JobMonitor monitor;

    public JobRoutes(JobMonitor monitor) {
        this.monitor = monitor;
    }

    /** Adds the routes. */
    public void addTo(HttpEndpoint endpoint) {
        endpoint.add("GET", "/v1/status", Role.READER, (exchange, path) -> {
            exchange.allow();
            exchange.json(200, monitor.status());
        });
    }
}
