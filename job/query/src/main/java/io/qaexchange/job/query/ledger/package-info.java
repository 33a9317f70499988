/**
 * The ledger of a checkpoint or savepoint, without a job: what it holds, and whether it adds up.
 */
package io.qaexchange.job.query.ledger;
