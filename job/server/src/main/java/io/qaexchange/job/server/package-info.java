/**
 * The query server: reads a running job and its archive, and answers over HTTP. Stateless; any number of them may run beside one job.
 */
package io.qaexchange.job.server;
