/**
 * Commands that read: query, export, audit, ledger, checkpoints.
 */
package io.qaexchange.job.cli.read;
