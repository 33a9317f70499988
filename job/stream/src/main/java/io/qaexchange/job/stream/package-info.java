/**
 * The exchange job: options, topology, main.
 */
package io.qaexchange.job.stream;
