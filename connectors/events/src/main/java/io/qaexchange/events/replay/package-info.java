/**
 * Recorded market data as events: LOBSTER message and order book files, CSV, JSON lines, plain or compressed with gzip or
 * zstd. {@link io.qaexchange.events.replay.Replay} opens a file; what it gives are events with an identity (file and line, unless the file
 * gives one), so that replaying twice stores nothing twice, and the lines that are none.
 */
package io.qaexchange.events.replay;
