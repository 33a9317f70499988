package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.flink.api.common.functions.AggregateFunction;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.AggregatingState;
import org.apache.flink.api.common.state.AggregatingStateDescriptor;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.ReducingState;
import org.apache.flink.api.common.state.ReducingStateDescriptor;
import org.apache.flink.api.common.state.StateTtlConfig;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CheckpointType;
import org.apache.flink.runtime.checkpoint.OperatorSubtaskState;
import org.apache.flink.runtime.checkpoint.SavepointType;
import org.apache.flink.runtime.checkpoint.SnapshotType;
import org.apache.flink.runtime.state.AbstractStateBackend;
import org.apache.flink.runtime.state.KeyedStateHandle;
import org.apache.flink.runtime.state.SharedStateRegistry;
import org.apache.flink.runtime.state.SharedStateRegistryImpl;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.runtime.state.KeyGroupRangeAssignment;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.operators.KeyedProcessOperator;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.util.AbstractStreamOperatorTestHarness;
import org.apache.flink.streaming.util.KeyedOneInputStreamOperatorTestHarness;
import org.apache.flink.util.Collector;
import org.apache.flink.util.FileUtils;

/**
 * The same random work on HashMap, RocksDB and ours, and on one that changes its backend at every canonical savepoint: all kinds of
 * state, timers of both times, time to live; with failures, checkpoints, savepoints of both formats and rescaling in between. Whatever
 * one puts out, all put out.
 */
class DifferentialProperties {
    private static final int MAX_PARALLELISM = 128;
    private static final Duration TIME_TO_LIVE = Duration.ofMillis(500);

    /** An operation on the state of a key. */
    record Step(String key, int operation, int argument) {
    }

    @Property(tries = 6)
    void allBackendsPutOutTheSame(@ForAll long seed) throws Exception {
        Path folder = Files.createTempDirectory("differential");
        List<Lane> lanes = new ArrayList<>();
        try {
            for (Kind kind : Kind.values()) {
                lanes.add(new Lane(folder.resolve(kind.name()), kind, false));
            }
            lanes.add(new Lane(folder.resolve("changing"), Kind.OURS, true));
            drive(lanes, new SplittableRandom(seed));
        } finally {
            for (Lane lane : lanes) {
                lane.close();
            }
            FileUtils.deleteDirectory(folder.toFile());
        }
    }

    private static void drive(List<Lane> lanes, SplittableRandom random) throws Exception {
        long time = 1_000;
        int snapshots = 0;
        int seen = 0;
        for (int round = 0; round < 40; round++) {
            List<Step> steps = new ArrayList<>();
            for (int i = random.nextInt(120); i > 0; i--) {
                steps.add(new Step("key " + random.nextInt(25), random.nextInt(Work.OPERATIONS), random.nextInt(40)));
            }
            for (Step step : steps) {
                for (Lane lane : lanes) {
                    lane.process(step);
                }
            }
            seen += same(lanes, "round " + round);
            time += random.nextInt(300);
            for (Lane lane : lanes) {
                lane.advanceTo(time);
            }
            seen += same(lanes, "timers of round " + round);
            SnapshotType type = switch (random.nextInt(3)) {
                case 0 -> SavepointType.savepoint(SavepointFormatType.CANONICAL);
                case 1 -> SavepointType.savepoint(SavepointFormatType.NATIVE);
                default -> CheckpointType.CHECKPOINT;
            };
            int parallelism = 1 + random.nextInt(4);
            boolean snapshot = random.nextInt(3) == 0;
            boolean restart = snapshots > 0 && random.nextInt(5) == 0;
            for (Lane lane : lanes) {
                if (snapshot) {
                    lane.snapshot(type);
                }
                if (restart) {
                    lane.restart(parallelism, time);
                }
            }
            snapshots += snapshot ? 1 : 0;
        }
        assertThat(seen).as("lines of output").isGreaterThan(100);
    }

    /** @return lines that were compared */
    private static int same(List<Lane> lanes, String when) {
        List<String> expected = lanes.get(0).takeOutput();
        for (Lane lane : lanes.subList(1, lanes.size())) {
            assertThat(lane.takeOutput()).as("%s, %s beside %s", when, lane, lanes.get(0)).isEqualTo(expected);
        }
        return expected.size();
    }

    private enum Kind {
        HASHMAP, ROCKSDB, OURS;

        AbstractStateBackend make(Path folder) {
            Configuration config = new Configuration();
            config.set(CheckpointingOptions.INCREMENTAL_CHECKPOINTS, true);
            return switch (this) {
                case HASHMAP -> new HashMapStateBackend();
                case ROCKSDB -> {
                    EmbeddedRocksDBStateBackend rocks = new EmbeddedRocksDBStateBackend(true);
                    rocks.setDbStoragePath(folder.toUri().toString());
                    yield rocks;
                }
                case OURS -> {
                    config.set(LsmStateOptions.MANAGED_MEMORY, false);
                    config.set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(1));
                    config.set(LsmStateOptions.LOCAL_DIRECTORY, folder.toString());
                    yield new LsmStateBackend().configure(config, getClass().getClassLoader());
                }
            };
        }
    }

    /** One backend at work, in as many subtasks as there are. */
    private static final class Lane implements AutoCloseable {
        private final Path folder;
        private final boolean changes;
        private final SharedStateRegistry registry = new SharedStateRegistryImpl();
        private final List<String> output = new ArrayList<>();
        private Kind kind;
        private List<KeyedOneInputStreamOperatorTestHarness<String, Step, String>> subtasks = new ArrayList<>();
        private List<OperatorSubtaskState> last;
        private boolean lastIsCanonical;
        private long snapshots;

        Lane(Path folder, Kind kind, boolean changes) throws Exception {
            this.folder = Files.createDirectories(folder);
            this.kind = kind;
            this.changes = changes;
            open(1, null, 0);
        }

        private void open(int parallelism, OperatorSubtaskState state, int before) throws Exception {
            for (int i = 0; i < parallelism; i++) {
                KeyedOneInputStreamOperatorTestHarness<String, Step, String> subtask = new KeyedOneInputStreamOperatorTestHarness<>(
                        new KeyedProcessOperator<>(new Work()), Step::key, Types.STRING, MAX_PARALLELISM, parallelism, i);
                subtask.setStateBackend(kind.make(folder));
                subtask.setup(org.apache.flink.api.common.typeutils.base.StringSerializer.INSTANCE);
                if (state == null) {
                    subtask.initializeEmptyState();
                } else {
                    subtask.initializeState(AbstractStreamOperatorTestHarness.repartitionOperatorState(state, MAX_PARALLELISM, before, parallelism, i));
                }
                subtask.open();
                subtasks.add(subtask);
            }
        }

        void process(Step step) throws Exception {
            int subtask = KeyGroupRangeAssignment.assignKeyToParallelOperator(step.key(), MAX_PARALLELISM, subtasks.size());
            subtasks.get(subtask).processElement(new StreamRecord<>(step, 0));
        }

        void advanceTo(long time) throws Exception {
            for (var subtask : subtasks) {
                subtask.setStateTtlProcessingTime(time);
                subtask.setProcessingTime(time);
                subtask.processWatermark(time);
            }
        }

        void snapshot(SnapshotType type) throws Exception {
            snapshots++;
            List<OperatorSubtaskState> taken = new ArrayList<>();
            for (var subtask : subtasks) {
                OperatorSubtaskState state = subtask.snapshotWithLocalState(snapshots, snapshots, type).getJobManagerOwnedState();
                for (KeyedStateHandle handle : state.getManagedKeyedState()) {
                    handle.registerSharedStates(registry, snapshots);
                }
                taken.add(state);
            }
            last = taken;
            lastIsCanonical = type instanceof SavepointType savepoint && savepoint.getFormatType() == SavepointFormatType.CANONICAL;
            if (!type.isSavepoint()) {
                for (var subtask : subtasks) {
                    subtask.notifyOfCompletedCheckpoint(snapshots);
                }
            }
        }

        void restart(int parallelism, long time) throws Exception {
            closeSubtasks();
            if (changes && lastIsCanonical) {
                kind = Kind.values()[(kind.ordinal() + 1) % Kind.values().length];
            }
            open(parallelism, AbstractStreamOperatorTestHarness.repackageState(last.toArray(OperatorSubtaskState[]::new)), last.size());
            for (var subtask : subtasks) {
                subtask.setStateTtlProcessingTime(time);
            }
        }

        /** The state at one moment, in an order that does not depend on the number of subtasks. */
        List<String> takeOutput() {
            for (var subtask : subtasks) {
                output.addAll(subtask.extractOutputValues());
                subtask.getOutput().clear();
            }
            List<String> taken = new ArrayList<>(output);
            output.clear();
            taken.sort(null);
            return taken;
        }

        private void closeSubtasks() throws Exception {
            for (var subtask : subtasks) {
                subtask.close();
            }
            subtasks = new ArrayList<>();
        }

        @Override
        public void close() throws Exception {
            closeSubtasks();
        }

        @Override
        public String toString() {
            return kind + (changes ? " (changing)" : "");
        }
    }

    /** Does what it is told to its state, and says what it sees. */
    private static final class Work extends KeyedProcessFunction<String, Step, String> {
        static final int OPERATIONS = 17;
        private static final long serialVersionUID = 1L;

        private transient ValueState<Integer> value;
        private transient ValueState<Integer> shortLived;
        private transient MapState<Integer, String> shortLivedMap;
        private transient ListState<Integer> list;
        private transient MapState<Integer, String> map;
        private transient ReducingState<Integer> sum;
        private transient AggregatingState<Integer, String> text;

        @Override
        public void open(OpenContext context) {
            StateTtlConfig expires = StateTtlConfig.newBuilder(TIME_TO_LIVE).build();
            value = getRuntimeContext().getState(new ValueStateDescriptor<>("value", Types.INT));
            ValueStateDescriptor<Integer> expiring = new ValueStateDescriptor<>("short-lived", Types.INT);
            expiring.enableTimeToLive(expires);
            shortLived = getRuntimeContext().getState(expiring);
            MapStateDescriptor<Integer, String> expiringMap = new MapStateDescriptor<>("short-lived map", Types.INT, Types.STRING);
            expiringMap.enableTimeToLive(expires);
            shortLivedMap = getRuntimeContext().getMapState(expiringMap);
            list = getRuntimeContext().getListState(new ListStateDescriptor<>("list", Types.INT));
            map = getRuntimeContext().getMapState(new MapStateDescriptor<>("map", Types.INT, Types.STRING));
            sum = getRuntimeContext().getReducingState(new ReducingStateDescriptor<>("sum", Integer::sum, Types.INT));
            text = getRuntimeContext().getAggregatingState(new AggregatingStateDescriptor<>("text", new Joined(), Types.STRING));
        }

        @Override
        public void processElement(Step step, Context context, Collector<String> out) throws Exception {
            int argument = step.argument();
            switch (step.operation()) {
                case 0 -> value.update(argument);
                case 1 -> value.clear();
                case 2 -> shortLived.update(argument);
                case 3 -> list.add(argument);
                case 4 -> list.addAll(List.of(argument, argument + 1));
                case 5 -> list.update(List.of(argument));
                case 6 -> list.clear();
                case 7 -> map.put(argument, "m" + argument);
                case 8 -> map.remove(argument);
                case 9 -> map.clear();
                case 10 -> sum.add(argument);
                case 11 -> text.add(argument);
                case 12 -> shortLivedMap.put(argument, "s" + argument);
                case 13 -> context.timerService().registerEventTimeTimer(context.timerService().currentWatermark() < 0 ? argument
                        : context.timerService().currentWatermark() + argument * 10L);
                case 14 -> context.timerService().registerProcessingTimeTimer(context.timerService().currentProcessingTime() + argument * 10L);
                case 15 -> {
                    sum.clear();
                    text.clear();
                }
                default -> out.collect(say(step.key()));
            }
        }

        @Override
        public void onTimer(long time, OnTimerContext context, Collector<String> out) throws Exception {
            out.collect(time + " " + context.timeDomain() + " " + say(context.getCurrentKey()));
            map.put((int) (time % 40), "t" + time);
        }

        private String say(String key) throws Exception {
            return key + " value=" + value.value() + " short=" + shortLived.value() + " list=" + list.get() + " map=" + entries(map) + " shortMap="
                    + entries(shortLivedMap) + " sum=" + sum.get() + " text=" + text.get();
        }

        private static Map<Integer, String> entries(MapState<Integer, String> state) throws Exception {
            Map<Integer, String> entries = new TreeMap<>();
            for (Map.Entry<Integer, String> entry : state.entries()) {
                entries.put(entry.getKey(), entry.getValue());
            }
            return entries;
        }
    }

    /** Joins what it is given. */
    private static final class Joined implements AggregateFunction<Integer, String, String> {
        private static final long serialVersionUID = 1L;

        @Override
        public String createAccumulator() {
            return "";
        }

        @Override
        public String add(Integer value, String joined) {
            return joined + value + ';';
        }

        @Override
        public String getResult(String joined) {
            return joined;
        }

        @Override
        public String merge(String a, String b) {
            return a + b;
        }
    }
}
