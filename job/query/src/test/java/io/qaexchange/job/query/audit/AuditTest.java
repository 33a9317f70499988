package io.qaexchange.job.query.audit;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.ExpiredBatch;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.store.TradingDay;
import io.qaexchange.job.query.hot.HotRow;
import io.qaexchange.job.query.union.UnionReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Rows that are gone, of messages that were sent more than once. */
class AuditTest {

    private static final long MEMORY = 1 << 20;
    private static final Instruments INSTRUMENTS = Instruments.example();

    /** Orders of an account; the first is sent again at the end. */
    private record Sent(int orders) implements SentEvents {

        private static byte[] order(int sequence) {
            return new EventBuilder().start(EventSchema.get().findTable("order_insert")).eventTime(1_767_600_000_000_000_000L + sequence).tradingDay(20260105)
                    .identity("s", sequence).instrument("SHFE.rb2601").set("order_id", "o" + sequence).set("account", "A").set("direction", "BUY")
                    .set("offset", "OPEN").set("price_type", "LIMIT").set("price", 1.0).set("volume", 1.0).build();
        }

        @Override
        public long messages() {
            return orders + 1;
        }

        @Override
        public long duplicates() {
            return -1;
        }

        @Override
        public long deadLetters() {
            return -1;
        }

        @Override
        public boolean mayRepeat() {
            return true;
        }

        @Override
        public void forEachStored(Visitor visitor) throws Exception {
            for (int i = 0; i <= orders; i++) {
                EventView event = new EventView().wrap(order(i % orders));
                visitor.accept(event, EventIdentity.of(event, "events", 0, i));
            }
        }
    }

    /** No row is there. */
    private record Gone(List<ExpiredBatch> expired, List<Erasure> erasures) implements AuditedRows {

        @Override
        public Optional<Counters> counters() {
            return Optional.empty();
        }

        @Override
        public void forEachHotRow(HotRow visitor) {
            // None is there.
        }

        @Override
        public List<DataFile> files() {
            return List.of();
        }

        @Override
        public void forEachRow(DataFile file, UnionReader.ColdRow visitor) {
            throw new AssertionError("there is no file");
        }

        @Override
        public long manifestVersion() {
            return 7;
        }
    }

    private static String day() throws Exception {
        List<String> days = new ArrayList<>();
        new Sent(1).forEachStored((event, identity) -> days.add(TradingDay.toIsoDate(INSTRUMENTS.tradingDay(event))));
        return days.get(0);
    }

    private static Gone expired(long rows) throws Exception {
        return new Gone(List.of(new ExpiredBatch("b", "order_insert", day(), rows, "path", 1)), List.of());
    }

    private static Gone erased(long rows) {
        return new Gone(List.of(), List.of(new Erasure("r", "A", null, null, null, "2026-12-31", "law", 0, 0, 1, rows)));
    }

    @Test
    void aRowThatExpiredCountsOnceHoweverOftenItWasSent() throws Exception {
        AuditReport report = Audit.run(new Sent(5), expired(5), INSTRUMENTS, MEMORY);

        assertThat(report.problems()).isEmpty();
        assertThat(report.expected()).isEqualTo(5);
        assertThat(report.expired()).isEqualTo(5);
        assertThat(report.missing()).isZero();
    }

    @Test
    void aRowThatWasErasedCountsOnceHoweverOftenItWasSent() throws Exception {
        AuditReport report = Audit.run(new Sent(5), erased(5), INSTRUMENTS, MEMORY);

        assertThat(report.problems()).isEmpty();
        assertThat(report.erased()).isEqualTo(5);
        assertThat(report.missing()).isZero();
    }

    @Test
    void moreRowsThanExpiredOrWereErasedAreMissing() throws Exception {
        for (AuditedRows rows : List.of(expired(4), erased(4))) {
            AuditReport report = Audit.run(new Sent(5), rows, INSTRUMENTS, MEMORY);

            assertThat(report.missing()).isEqualTo(1);
            assertThat(report.problems()).singleElement().asString().contains("1 rows").contains("5 are not there");
        }
        assertThat(Audit.run(new Sent(5), new Gone(List.of(), List.of()), INSTRUMENTS, MEMORY).missing()).isEqualTo(5);
    }
}
