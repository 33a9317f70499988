/** A cluster and its jobs as Flink's REST interface shows them, for commands and for the query server. */
package io.qaexchange.job.query.cluster;
