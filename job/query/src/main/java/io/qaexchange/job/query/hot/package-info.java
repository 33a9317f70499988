/**
 * Hot rows of a checkpoint or savepoint, read without a job.
 */
package io.qaexchange.job.query.hot;
