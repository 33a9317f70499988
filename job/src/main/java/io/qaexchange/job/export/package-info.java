/**
 * Stored events as files of other people's formats: Arrow IPC files and CSV. Parquet is written by the archive's own writer.
 */
package io.qaexchange.job.export;
