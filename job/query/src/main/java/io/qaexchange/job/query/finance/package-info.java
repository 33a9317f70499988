/**
 * The vocabulary of the field: bars, latest rows, as-of joins, averages by volume. Each is a query over the tables of SQL whose result does not
 * depend on threads or on the order of rows: rows of one event time are ordered by source and sequence.
 */
package io.qaexchange.job.query.finance;
