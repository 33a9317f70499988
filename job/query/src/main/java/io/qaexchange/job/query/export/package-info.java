/**
 * Writers of exported rows: Arrow IPC files, CSV, Parquet.
 */
package io.qaexchange.job.query.export;
