package io.qaexchange.job.stream.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.cli.read.DescribedView;
import io.qaexchange.job.model.book.AlertReason;
import io.qaexchange.job.model.book.Interleaving;
import io.qaexchange.job.model.book.PlainLedger;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.model.table.LedgerTable;
import io.qaexchange.job.query.ledger.LedgerView;
import io.qaexchange.state.LsmStateBackend;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.apache.flink.runtime.state.StateBackend;
import org.apache.flink.runtime.state.hashmap.HashMapStateBackend;
import org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackend;

/**
 * Random histories of the two operators on three backends: crashes, older checkpoints, other parallelisms, any interleaving of
 * instruments. At the end the ledger is to the last digit what plain collections make of the same events in the order in which they were
 * generated.
 */
class LedgerRecoveryProperties {

    private static final int MESSAGES = 1_500;
    private static final int STEPS = 16;
    private static final int MOST_SUBTASKS = 4;
    /** The alerts with the row of an account's day depend on the events up to then, as the row does. */
    private static final List<String> ABOUT_ROWS = List.of(AlertReason.NOT_OPENED.label(), AlertReason.MONEY_BELOW_ZERO.label());
    private static final Map<String, Supplier<StateBackend>> BACKENDS = new TreeMap<>(Map.of("hashmap", HashMapStateBackend::new,
            "rocksdb", () -> new EmbeddedRocksDBStateBackend(true), "lsm", LsmStateBackend::new));

    @Property(shrinking = ShrinkingMode.OFF)
    void everyBackendEndsWithTheLedgerOfPlainCollections(@ForAll long seed) throws Exception {
        List<byte[]> events = new ArrayList<>();
        new EventGenerator(new Random(seed).nextInt(1000), MESSAGES).forEachRemaining(message -> {
            if (message.fate().isStored()) {
                events.add(message.event());
            }
        });
        PlainLedger plain = new PlainLedger(Instruments.example());
        for (byte[] event : events) {
            plain.accept(event);
        }
        plain.end();

        for (Map.Entry<String, Supplier<StateBackend>> backend : BACKENDS.entrySet()) {
            Random random = new Random(seed ^ backend.getKey().hashCode());
            Path folder = Files.createTempDirectory("ledger");
            try (LedgerRig rig = new LedgerRig(folder, backend.getValue(), Interleaving.of(events, random.nextLong()), Instruments.example())) {
                LedgerView view = run(rig, random);
                assertThat(DescribedView.of(view)).as(backend.getKey()).isEqualTo(plain.describe());
                assertThat(view.sums().problems()).as(backend.getKey()).isEmpty();
                assertThat(told(rig.rows())).as(backend.getKey()).containsExactlyInAnyOrderElementsOf(plain.told());
                checkNewestRows(rig.rows(), view);
            } finally {
                delete(folder);
            }
        }
    }

    private static LedgerView run(LedgerRig rig, Random random) throws Exception {
        rig.start(1 + random.nextInt(MOST_SUBTASKS));
        List<LedgerRig.Checkpoint> restorable = new ArrayList<>();
        for (int step = 0; step < STEPS; step++) {
            switch (random.nextInt(7)) {
                case 0, 1, 2 -> rig.feed(random.nextInt(MESSAGES / 5));
                case 3 -> rig.pass(Duration.ofMillis(random.nextInt(2000)));
                case 4, 5 -> {
                    restorable.add(rig.checkpoint());
                    assertThat(rig.view(restorable.get(restorable.size() - 1)).sums().problems()).isEmpty();
                }
                default -> {
                    if (!restorable.isEmpty()) {
                        // Going back to an older one ends the branches after it.
                        int from = random.nextBoolean() ? restorable.size() - 1 : random.nextInt(restorable.size());
                        restorable.subList(from + 1, restorable.size()).clear();
                        rig.restore(restorable.get(from), 1 + random.nextInt(MOST_SUBTASKS));
                    }
                }
            }
        }
        rig.feed(MESSAGES);
        rig.restore(rig.checkpoint(), 1 + random.nextInt(MOST_SUBTASKS));
        rig.end();
        return rig.view(rig.checkpoint());
    }

    /** Rows about events, as the plain ledger tells them; rows of accounts may come in any number of revisions. */
    private static List<String> told(List<LedgerRow> rows) {
        List<String> told = new ArrayList<>();
        for (LedgerRow row : rows) {
            Object[] v = row.values();
            if (row.table() == LedgerTable.POSITION_DAILY) {
                told.add("settled " + row.tradingDay() + " " + v[3] + " " + v[4]);
            } else if (row.table() == LedgerTable.LEDGER_ALERTS && !ABOUT_ROWS.contains(v[3])) {
                told.add(v[3] + " " + orEmpty(v[4]) + " " + orEmpty(v[6]) + " " + orEmpty(v[7]));
            }
        }
        return told;
    }

    private static String orEmpty(Object value) {
        return value == null ? "" : value.toString();
    }

    /** Every account has a row of its day; revisions have no gaps and no doubles, and the newest says what the ledger does. */
    private static void checkNewestRows(List<LedgerRow> rows, LedgerView view) {
        Map<String, List<LedgerRow>> byAccount = new TreeMap<>();
        for (LedgerRow row : rows) {
            if (row.table() == LedgerTable.ACCOUNT_DAILY) {
                byAccount.computeIfAbsent((String) row.values()[3], account -> new ArrayList<>()).add(row);
            }
        }
        assertThat(byAccount.keySet()).isEqualTo(view.accounts().keySet());
        byAccount.forEach((account, ofAccount) -> {
            ofAccount.sort(Comparator.comparing(row -> (Integer) row.values()[4]));
            for (int i = 0; i < ofAccount.size(); i++) {
                assertThat(ofAccount.get(i).values()[4]).as("revision of %s", account).isEqualTo(i + 1);
            }
            Object[] newest = ofAccount.get(ofAccount.size() - 1).values();
            assertThat(newest[11]).as("static of %s", account).isEqualTo(view.now(account).staticBalance());
            assertThat(newest[15]).as("money of %s", account).isEqualTo(view.now(account).money());
        });
    }

    private static void delete(Path folder) throws Exception {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
