/**
 * Requests without SQL: rows, the newest rows, bars. They read hot rows and those pages of the archived files that can matter, in this process,
 * without opening DuckDB; their answers are those of the SQL that says the same.
 */
package io.qaexchange.job.query.typed;
