package io.qaexchange.job.query.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.events.Arrival;
import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.job.query.export.ParquetRowWriter;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which archived files a query opens: the file of other instruments in these tests is not there, so opening it fails. */
class SqlTablesTest {

    private static final RecordType TICK = EventSchema.get().table("tick");
    private static final long TIME_NS = 1_767_575_000_000_000_000L;

    @TempDir
    private Path folder;
    private RowSource source;

    @BeforeEach
    void write() throws Exception {
        Path present = folder.resolve("rb.parquet");
        try (OutputStream out = Files.newOutputStream(present); ParquetRowWriter writer = ParquetRowWriter.open(TICK, out)) {
            EventBuilder tick = new EventBuilder().start(TICK);
            tick.instrument("SHFE.rb2601").eventTime(TIME_NS).identity("x", 1).set("last_price", 3500.0);
            writer.write(new StoredEvent().wrap(StoredEvent.encode(tick.build(), new Arrival(TIME_NS, "events", 0, 1))), 20260105);
            writer.finish();
        }
        source = source(file("rb.parquet", "SHFE.rb2601", "SHFE.rb2605"), file("missing.parquet", "DCE.a2601", "DCE.m2605"));
    }

    private static DataFile file(String path, String minInstrument, String maxInstrument) {
        return new DataFile(path, "tick", "2026-01-05", path, 1, 1, 1, TIME_NS, TIME_NS, "epoch", 1, minInstrument, maxInstrument, 0, 1, null, null);
    }

    @Test
    void opensNoFileOfOtherInstruments() throws Exception {
        assertThat(count("SELECT count(*) FROM tick WHERE instrument = 'SHFE.rb2601'")).isEqualTo(1);
        assertThat(count("SELECT count(*) FROM tick WHERE instrument IN ('SHFE.rb2601', 'SHFE.rb2602')")).isEqualTo(1);
        assertThatThrownBy(() -> count("SELECT count(*) FROM tick")).isInstanceOf(SQLException.class).hasMessageContaining("missing.parquet");
        assertThatThrownBy(() -> count("SELECT count(*) FROM tick WHERE instrument IN ('SHFE.rb2601', 'DCE.a2601')")).isInstanceOf(SQLException.class)
                .hasMessageContaining("missing.parquet");
    }

    @Test
    void keepsFilesForNearNamesIfNoneHasTheInstrument() throws Exception {
        source = source(file("rb.parquet", "SHFE.rb2601", "SHFE.rb2601"));
        try (SqlTables tables = SqlTables.create()) {
            SqlQuery query = tables.parse("SELECT * FROM tick WHERE instrument = 'SHFE.rb2610'");
            tables.load(source, query);

            assertThat(tables.unknownInstruments("tick", query.instruments().get("tick"))).containsExactly("SHFE.rb2610");
            assertThat(tables.instruments("tick")).containsExactly("SHFE.rb2601");
        }
    }

    private long count(String sql) throws Exception {
        try (SqlTables tables = SqlTables.create()) {
            tables.load(source, tables.parse(sql));
            try (Statement statement = tables.connection().createStatement(); ResultSet rows = statement.executeQuery(sql)) {
                rows.next();
                return rows.getLong(1);
            }
        }
    }

    private RowSource source(DataFile... files) {
        return RowSource.ofFiles(List.of(files), file -> ColdFile.at(new org.apache.flink.core.fs.Path(folder.resolve(file.path()).toUri())), Set.of(folder.toString()));
    }
}
