package io.qaexchange.storage.bench;

import io.qaexchange.storage.bench.BenchContext.Run;
import io.qaexchange.storage.bench.Chart.Point;
import io.qaexchange.storage.bench.Contender.Layout;
import io.qaexchange.storage.bench.Contender.Log;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * Costs per row at several sizes, to see whether they stay as they are while a store grows: one store of each contender and size, filled without log, then
 * read at rest. One thread.
 */
final class SizeMeasures {
    private static final double MICROS = 1e6;

    /** Costs of a contender at one size. */
    private record Costs(String contender, int records, double putMicros, double writeAmplification, double diskBytes, double getMicros,
            double absentMicros, double scanMicros) {}

    /** A line of the table, and a panel of the chart. */
    private record Cost(String name, String unit, ToDoubleFunction<Costs> of) {}

    private static final List<Cost> COSTS = List.of(
            new Cost("put", "µs", Costs::putMicros),
            new Cost("write amplification", "×", Costs::writeAmplification),
            new Cost("disk", "bytes a row", Costs::diskBytes),
            new Cost("get present", "µs", Costs::getMicros),
            new Cost("get absent", "µs", Costs::absentMicros),
            new Cost("scan of 100 rows", "µs", Costs::scanMicros));

    private final Path base;
    private final List<Integer> contenders;
    private final Layout layout;
    private final long cacheBytes;
    private final boolean compressed;
    private final List<Costs> measured = new ArrayList<>();

    SizeMeasures(Path base, List<Integer> contenders, Layout layout, long cacheBytes, boolean compressed) {
        this.base = base;
        this.contenders = contenders;
        this.layout = layout;
        this.cacheBytes = cacheBytes;
        this.compressed = compressed;
    }

    /** @param sizes ascending */
    void run(List<Integer> sizes) throws Exception {
        for (int records : sizes) {
            BenchContext bench = new BenchContext(records, true, base, contenders, layout, cacheBytes);
            if (records == sizes.get(0)) {
                new WriteMeasures(bench).warmUp();
            }
            for (int which : contenders) {
                try (Run run = bench.open(which, Log.NONE, compressed)) {
                    BenchContext.step(String.format("%,d records, %s", records, run.contender.name()));
                    Costs costs = costs(bench, run);
                    measured.add(costs);
                    // The table comes at the end, which of hundreds of millions of records may be an hour away.
                    BenchContext.step(COSTS.stream().map(cost -> String.format("%s %.3g %s", cost.name(), cost.of().applyAsDouble(costs), cost.unit())).collect(Collectors.joining(", ", "  ", "")));
                }
            }
        }
    }

    private Costs costs(BenchContext bench, Run run) throws Exception {
        Measured puts = Measured.of(run.contender, bench.records, bench::put);
        BenchContext.waits(run);
        run.contender.flush();
        run.contender.awaitIdle();
        double amplification = run.contender.bytesWritten() / bench.userBytes();
        double disk = BenchContext.tableBytes(run.directory) / bench.records;
        Reads reads = new Reads(bench);
        List<Contender> alone = List.of(run.contender);
        return new Costs(run.contender.name(), bench.records, MICROS / puts.perSecond(), amplification, disk,
                MICROS / reads.present(alone).get(0).perSecond(), MICROS / reads.absent(alone).get(0).perSecond(),
                MICROS / reads.scans(alone, 100).get(0).perSecond());
    }

    /** Markdown: a line for each cost and contender, a column for each size. */
    String table() {
        List<Integer> sizes = measured.stream().map(Costs::records).distinct().toList();
        StringBuilder text = new StringBuilder("| cost | unit | contender |");
        sizes.forEach(records -> text.append(String.format(" %,d |", records)));
        text.append(" last by first |\n|---|---|---|").append("---|".repeat(sizes.size() + 1)).append('\n');
        for (Cost cost : COSTS) {
            for (String contender : names()) {
                List<Point> line = line(cost, contender);
                text.append("| ").append(cost.name()).append(" | ").append(cost.unit()).append(" | ").append(contender).append(" |");
                line.forEach(point -> text.append(String.format(" %.3g |", point.y())));
                text.append(String.format(" %.2f |%n", line.get(line.size() - 1).y() / line.get(0).y()));
            }
        }
        return text.toString();
    }

    private List<String> names() {
        return measured.stream().map(Costs::contender).distinct().toList();
    }

    private List<Point> line(Cost cost, String contender) {
        return measured.stream().filter(costs -> costs.contender().equals(contender)).map(costs -> new Point(costs.records(), cost.of().applyAsDouble(costs)))
                .toList();
    }

    /** A panel for each cost, a line for each contender. */
    String svg() {
        Chart chart = new Chart(names());
        for (Cost cost : COSTS) {
            chart.panel(cost.name() + ", " + cost.unit(), names().stream().map(contender -> line(cost, contender)).toList());
        }
        return chart.svg();
    }
}
