package io.qaexchange.job.model.store;

/**
 * Rows of an instrument that arrived below its archive watermark, between two archiving rounds.
 *
 * @param number from 1
 * @param rows number of rows
 * @param bytes their stored bytes
 * @param maxEventTimeNs newest event time
 */
public record LateGeneration(int number, long rows, long bytes, long maxEventTimeNs) {

    LateGeneration with(int moreBytes, long eventTimeNs) {
        return new LateGeneration(number, rows + 1, bytes + moreBytes, Math.max(maxEventTimeNs, eventTimeNs));
    }
}
