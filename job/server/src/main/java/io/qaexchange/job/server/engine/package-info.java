/** Runs queries over a running job, for every door. */
package io.qaexchange.job.server.engine;
