/**
 * The event store: the operator that keeps events hot per instrument, and archives what has aged. docs/design/0009 explains the seam.
 */
package io.qaexchange.job.store;
