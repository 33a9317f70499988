/**
 * SQL over hot and cold rows as one table per record type.
 */
package io.qaexchange.job.query.sql;
