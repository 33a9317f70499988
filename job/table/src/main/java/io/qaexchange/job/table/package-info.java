/**
 * Flink SQL's connector {@code qaexchange}: a table of the running job, hot and cold rows as one, each once. It reads through the same classes as the
 * commands and the query server.
 */
package io.qaexchange.job.table;
