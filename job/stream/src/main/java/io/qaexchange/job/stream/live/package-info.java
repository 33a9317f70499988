/**
 * Live reads inside the job: one endpoint in each TaskManager and job, a service for each event-store subtask, and the coordinator in the
 * JobManager that tells readers where they are. docs/design has the protocol of a consistent read.
 */
package io.qaexchange.job.stream.live;
