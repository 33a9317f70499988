package io.qaexchange.events.flink;

/** Names of the states in which the decoding operator keeps its counters. They stand in savepoints and never change. */
public final class DecodeState {

    /** Messages consumed: a list of numbers to be added. */
    public static final String CONSUMED = "consumed-messages";
    /** Messages refused because they could not be decoded: a list of numbers to be added. */
    public static final String REFUSED = "refused-messages";

    private DecodeState() {
    }
}
