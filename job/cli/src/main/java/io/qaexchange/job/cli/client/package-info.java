/** Clients of the query server: finding it, asking it over HTTP, the shell. */
package io.qaexchange.job.cli.client;
