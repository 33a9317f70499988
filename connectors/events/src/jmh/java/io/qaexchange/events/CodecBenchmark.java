package io.qaexchange.events;

import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.generator.Fate;
import io.qaexchange.events.generator.GeneratedMessage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * Measures decoding, keys and generating per event. Run {@link #main}: {@code -prof gc} is on, so bytes per event are shown too.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 2, time = 1)
@Measurement(iterations = 3, time = 1)
@Fork(1)
public class CodecBenchmark {

    private final EventDecoder decoder = new EventDecoder();
    private final EventBuilder builder = new EventBuilder();
    private final EventView view = new EventView();
    private byte[][] mixed;
    private byte[] trade;
    private byte[] tradeJson;
    private int next;
    private EventGenerator generator;
    private long seed;

    @Setup
    public void setUp() {
        List<byte[]> messages = new ArrayList<>();
        EventGenerator source = new EventGenerator(1, 20_000);
        while (source.hasNext()) {
            GeneratedMessage message = source.next();
            if (message.fate() == Fate.STORE) {
                messages.add(message.event());
                if (message.identity().recordType().table().equals("trade")) {
                    trade = message.event();
                }
            }
        }
        mixed = messages.toArray(new byte[0][]);
        tradeJson = EventJson.write(view.wrap(trade)).getBytes(StandardCharsets.UTF_8);
        generator = new EventGenerator(0, 1_000_000);
    }

    @Benchmark
    public Decoded decodeSbeTrade() {
        return decoder.decode(trade);
    }

    @Benchmark
    public Decoded decodeSbeOfAllTypes() {
        next = next + 1 == mixed.length ? 0 : next + 1;
        return decoder.decode(mixed[next]);
    }

    @Benchmark
    public Decoded decodeJsonTrade() {
        return decoder.decode(tradeJson);
    }

    @Benchmark
    public byte[] decodeRouteAndKey() {
        decoder.decode(trade);
        byte[] key = EventIdentity.key(decoder.event(), "events", 0, 0);
        return decoder.event().routeKey().isEmpty() ? null : key;
    }

    @Benchmark
    public byte[] copyTradeIntoBuilderAndBuild() {
        return builder.copyOf(view.wrap(trade)).build();
    }

    @Benchmark
    public String writeJsonTrade() {
        return EventJson.write(view.wrap(trade));
    }

    @Benchmark
    public GeneratedMessage generate() {
        if (!generator.hasNext()) {
            generator = new EventGenerator(++seed, 1_000_000);
        }
        return generator.next();
    }

    public static void main(String[] args) throws RunnerException {
        new Runner(new OptionsBuilder().include(CodecBenchmark.class.getSimpleName()).addProfiler("gc").build()).run();
    }
}
