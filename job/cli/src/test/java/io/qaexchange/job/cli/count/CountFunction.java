package io.qaexchange.job.cli.count;

import java.util.ArrayList;
import java.util.List;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple2;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;

/**
 * Counts the events of each key, in a value, a map, a list and timers, and fails as soon as one of them does not say what the event's own
 * number says.
 */
public final class CountFunction extends KeyedProcessFunction<String, Tuple2<String, Long>, Void> {

    /** The beginning of a failure's message. */
    public static final String BROKEN = "state is not what the events were";

    static final String UID = "count";
    static final ValueStateDescriptor<Long> COUNT = new ValueStateDescriptor<>("count", Types.LONG);

    private static final long serialVersionUID = 1L;
    private static final MapStateDescriptor<Long, Long> NEWEST = new MapStateDescriptor<>("newest", Types.LONG, Types.LONG);
    private static final ListStateDescriptor<Long> TAIL = new ListStateDescriptor<>("tail", Types.LONG);
    private static final ValueStateDescriptor<Long> FIRED = new ValueStateDescriptor<>("fired", Types.LONG);
    private static final int MAP_ENTRIES = 8;
    private static final int TAIL_LENGTH = 16;
    private static final int TIMER_EVERY = 4;

    private transient ValueState<Long> count;
    private transient MapState<Long, Long> newest;
    private transient ListState<Long> tail;
    private transient ValueState<Long> fired;

    @Override
    public void open(OpenContext context) {
        count = getRuntimeContext().getState(COUNT);
        newest = getRuntimeContext().getMapState(NEWEST);
        tail = getRuntimeContext().getListState(TAIL);
        fired = getRuntimeContext().getState(FIRED);
    }

    @Override
    public void processElement(Tuple2<String, Long> event, Context context, Collector<Void> out) throws Exception {
        long number = event.f1;
        Long counted = count.value();
        require((counted == null ? 0 : counted) == number, context, "event " + number + " is next, counted are " + counted);
        count.update(number + 1);

        Long before = newest.get(number % MAP_ENTRIES);
        require(number < MAP_ENTRIES ? before == null : before != null && before == number - MAP_ENTRIES, context,
                "event " + number + " replaces " + before);
        newest.put(number % MAP_ENTRIES, number);

        tail.add(number);
        if (number % TAIL_LENGTH == TAIL_LENGTH - 1) {
            List<Long> expected = new ArrayList<>();
            for (long i = number - TAIL_LENGTH + 1; i <= number; i++) {
                expected.add(i);
            }
            List<Long> found = new ArrayList<>();
            tail.get().forEach(found::add);
            require(found.equals(expected), context, "events " + expected + " were appended, there are " + found);
            tail.clear();
        }
        if (number % TIMER_EVERY == 0) {
            context.timerService().registerEventTimeTimer(number + TIMER_EVERY);
        }
    }

    @Override
    public void onTimer(long time, OnTimerContext context, Collector<Void> out) throws Exception {
        Long before = fired.value();
        require(time == (before == null ? 0 : before) + TIMER_EVERY, context, "timer " + time + " fires behind " + before);
        fired.update(time);
    }

    private static void require(boolean holds, Context context, String what) {
        if (!holds) {
            throw new IllegalStateException(BROKEN + ": " + context.getCurrentKey() + ": " + what);
        }
    }
}
