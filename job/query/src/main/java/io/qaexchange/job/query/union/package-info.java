/**
 * The union read: hot and cold rows as one table, every row once.
 */
package io.qaexchange.job.query.union;
