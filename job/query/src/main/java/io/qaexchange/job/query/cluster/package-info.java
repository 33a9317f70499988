/** What Flink's REST interface tells about a cluster and its jobs, for commands and for the query server. */
package io.qaexchange.job.query.cluster;
