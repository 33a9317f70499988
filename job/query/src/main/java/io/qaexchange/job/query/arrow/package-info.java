/**
 * Stored events as Arrow record batches.
 */
package io.qaexchange.job.query.arrow;
