/**
 * The event store: the operator that keeps every event hot in keyed state, once.
 */
package io.qaexchange.job.stream.store;
