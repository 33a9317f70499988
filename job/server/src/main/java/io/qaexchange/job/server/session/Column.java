package io.qaexchange.job.server.session;

/**
 * A column of a result.
 *
 * @param name its label; several columns may have the same
 * @param type DuckDB's name of its type, such as BIGINT, DECIMAL(20,6) or VARCHAR[]
 */
public record Column(String name, String type) {
}
