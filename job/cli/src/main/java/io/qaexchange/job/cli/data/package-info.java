/**
 * Commands that send and receive messages: generate, replay, dead letters.
 */
package io.qaexchange.job.cli.data;
