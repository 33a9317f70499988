/**
 * The ledger inside the exchange job: the two operators around {@link io.qaexchange.job.ledger.book}, their state, and the reader of that
 * state in checkpoints.
 */
package io.qaexchange.job.ledger;
