package io.qaexchange.job.cli.archive;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.EventView;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.Utf8View;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.store.TradingDay;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.query.hot.HotFilter;
import io.qaexchange.job.query.hot.RowFilter;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** Rows that an erasure covers and that are hot in a checkpoint. Stateless. */
final class HotErasedRows {

    private static final String ACCOUNT = "account";

    private HotErasedRows() {
    }

    /** Counts them; those that the archive has published are not among them. */
    static long count(CheckpointReader checkpoint, Erasure erasure, ArchiveManifest latest, Instruments instruments) throws Exception {
        Map<RecordType, RowFilter> tables = new HashMap<>();
        for (RecordType type : EventSchema.get().recordTypes()) {
            if ((erasure.tables() == null || erasure.tables().contains(type.table())) && (erasure.account() == null || type.findField(ACCOUNT) != null)) {
                tables.put(type, erasure.instrument() == null ? RowFilter.ALL : RowFilter.ofInstruments(Set.of(erasure.instrument())));
            }
        }
        long[] rows = new long[1];
        Utf8View text = new Utf8View();
        checkpoint.forEachHotRow(latest.publishedBatches(), instruments, new HotFilter(tables), (routeKey, stored) -> {
            EventView event = stored.event();
            Field account = event.recordType().findField(ACCOUNT);
            if (erasure.covers(event.recordType().table(), TradingDay.toIsoDate(instruments.tradingDay(event)),
                    account == null ? null : event.getText(account, text).toString(), event.hasInstrument() ? event.routeKey() : null)) {
                rows[0]++;
            }
        });
        return rows[0];
    }
}
