/**
 * Recorded market data as events: LOBSTER message and order book files, CSV, JSON lines, plain or compressed with gzip or zstd.
 * {@link io.qaexchange.events.replay.Replay} opens a file; it returns events with an identity (file and line, unless the file has one), so
 * replaying twice stores nothing twice, and the lines that are not events.
 */
package io.qaexchange.events.replay;
