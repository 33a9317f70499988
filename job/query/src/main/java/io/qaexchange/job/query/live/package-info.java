/**
 * Live reads, from the reader's side: finding a running job and its endpoints, pinning all subtasks and the manifest at one moment, reading the
 * hot rows of the pins.
 */
package io.qaexchange.job.query.live;
