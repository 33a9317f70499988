/**
 * The instruments of a subtask in memory, the settings of the event store and its metrics.
 */
package io.qaexchange.job.stream.hot;
