/**
 * The PostgreSQL wire protocol, version 3, for clients that read: psql, pgjdbc, psycopg2, node, ODBC, Grafana. Knows nothing of HTTP or of
 * how rows are stored: it asks {@link io.qaexchange.job.server.session.SqlSession sessions} and sends their Arrow batches.
 */
package io.qaexchange.job.server.pg;
