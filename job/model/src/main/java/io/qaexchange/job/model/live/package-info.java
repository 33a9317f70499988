/**
 * Values that a running subtask and a reader of it exchange.
 */
package io.qaexchange.job.model.live;
