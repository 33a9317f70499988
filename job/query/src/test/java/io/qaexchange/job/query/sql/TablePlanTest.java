package io.qaexchange.job.query.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.query.hot.RowFilter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The plan of a query: columns, conditions, hot rows, files, and why other files are left out. */
class TablePlanTest {

    private static final long DAY_1_NS = 1_767_600_000_000_000_000L;
    private static final long DAY_NS = 86_400_000_000_000L;

    @TempDir
    private Path folder;
    private MemoryRows rows;

    @BeforeEach
    void writeThreeFilesAndTwoHotRows() throws Exception {
        rows = new MemoryRows(folder, Instruments.defaults());
        rows.addFile(EventSchema.get().table("tick"), 20260105, List.of(tick("a", DAY_1_NS, 20260105), tick("b", DAY_1_NS + 1, 20260105)));
        rows.addFile(EventSchema.get().table("tick"), 20260106, List.of(tick("a", DAY_1_NS + DAY_NS, 20260106)));
        rows.addFile(EventSchema.get().table("tick"), 20260106, List.of(tick("y", DAY_1_NS + DAY_NS, 20260106), tick("z", DAY_1_NS + DAY_NS, 20260106)));
        rows.addHot(tick("a", DAY_1_NS + 2 * DAY_NS, 20260107));
        rows.addHot(tick("z", DAY_1_NS + 2 * DAY_NS, 20260107));
    }

    private static byte[] tick(String instrument, long timeNs, int day) {
        byte[] event = new EventBuilder().start("tick").instrument(instrument).eventTime(timeNs).identity("x", timeNs % 1000 + instrument.charAt(0)).tradingDay(day).set("last_price", 1.0).build();
        return StoredEvent.encode(event, new Arrival(timeNs, "events", 0, 1));
    }

    private List<TablePlan> plan(String sql) throws Exception {
        try (SqlTables tables = SqlTables.create()) {
            tables.load(rows, tables.parse(sql));
            return tables.plan();
        }
    }

    @Test
    void aQueryWithoutConditionsReadsEverything() throws Exception {
        TablePlan plan = plan("SELECT * FROM tick").get(0);
        assertThat(plan.table()).isEqualTo("tick");
        assertThat(plan.columns()).isNull();
        assertThat(plan.rows()).isEqualTo(RowFilter.ALL);
        assertThat(plan.hotRows()).isEqualTo(2);
        assertThat(plan.read()).hasSize(3);
        assertThat(plan.pruned()).isEmpty();
    }

    @Test
    void eachPrunedFileHasItsReason() throws Exception {
        TablePlan plan = plan("SELECT instrument, last_price FROM tick WHERE instrument = 'a' AND trading_day >= 20260106 AND event_time >= TIMESTAMPTZ '2026-01-06 00:00:00+00'").get(0);
        assertThat(plan.columns()).containsExactlyInAnyOrder("event_time", "event_time_us", "trading_day", "instrument", "last_price");
        assertThat(plan.rows().instruments()).isEqualTo(Set.of("a"));
        assertThat(plan.rows().fromDay()).isEqualTo(20260106);
        assertThat(plan.hotRows()).isEqualTo(1);
        assertThat(plan.read()).hasSize(1);
        Map<TablePlan.Reason, Long> reasons = plan.pruned().stream().collect(Collectors.groupingBy(TablePlan.PrunedFile::reason, Collectors.counting()));
        assertThat(reasons).isEqualTo(Map.of(TablePlan.Reason.DAY, 1L, TablePlan.Reason.INSTRUMENT, 1L));
    }

    @Test
    void timesPruneFiles() throws Exception {
        TablePlan plan = plan("SELECT count(*) FROM tick WHERE event_time < TIMESTAMPTZ '2026-01-05 12:00:00+00'").get(0);
        assertThat(plan.read()).hasSize(1);
        assertThat(plan.pruned()).extracting(TablePlan.PrunedFile::reason).containsExactly(TablePlan.Reason.TIME, TablePlan.Reason.TIME);
    }

    @Test
    void ofAnUnknownInstrumentTheFilesOfItsDaysStay() throws Exception {
        TablePlan plan = plan("SELECT * FROM tick WHERE instrument = 'c' AND trading_day = 20260106").get(0);
        assertThat(plan.read()).as("messages take near names from there").hasSize(2);
        assertThat(plan.hotRows()).isZero();
    }

    @Test
    void aQueryWithoutTablesReadsNone() throws Exception {
        assertThat(plan("SELECT 1")).isEmpty();
        assertThat(plan("SELECT (SELECT count(*) FROM trade) + (SELECT count(*) FROM tick)")).extracting(TablePlan::table).containsExactly("tick", "trade");
    }
}
