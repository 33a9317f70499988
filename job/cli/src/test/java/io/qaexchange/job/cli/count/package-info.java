/**
 * A job that counts, as a user's own would be: nothing of the exchange, its state in the engine. Each of its states can tell when an event
 * was lost or counted twice. Writes no files.
 */
package io.qaexchange.job.cli.count;
