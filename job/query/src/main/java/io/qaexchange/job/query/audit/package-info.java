/**
 * The audit: proof that every event that was sent is there once and unaltered, hot or cold, by key.
 */
package io.qaexchange.job.query.audit;
