/**
 * Reading: hot rows of a checkpoint, cold rows of the archive, both as one, and what is made of them.
 */
package io.qaexchange.job.query;
