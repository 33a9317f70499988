/**
 * The reader's side of the seam: hot rows of a checkpoint or savepoint and cold rows of the archive, together every event once.
 */
package io.qaexchange.job.seam;
