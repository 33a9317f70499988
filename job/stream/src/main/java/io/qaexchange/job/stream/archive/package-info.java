/**
 * Archiving inside the job: which rows have aged, reading them in slices, writing finished files, dropping what was published.
 */
package io.qaexchange.job.stream.archive;
