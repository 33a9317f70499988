/**
 * Arrow Flight SQL for clients that read: ADBC, the JDBC driver of Arrow, the clients of Arrow in any language. Knows nothing of HTTP or of how rows
 * are stored: it asks {@link io.qaexchange.job.server.session.SqlSession sessions}, and their Arrow batches go to the network as they are.
 */
package io.qaexchange.job.server.flight;
