/**
 * The ledger inside the job: the operator of instruments, the operator of accounts, and the operator that writes the ledger's tables. The
 * arithmetic is in {@link io.qaexchange.job.model.book}.
 */
package io.qaexchange.job.stream.ledger;
