/**
 * Things that writers and readers of a checkpoint share: operator uids, the choice of a state backend, the error of a user's mistake.
 */
package io.qaexchange.job.model;
