package io.qaexchange.job.query.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.archive.tier.TierSettings;
import io.qaexchange.archive.tier.TieredArchive;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.query.access.RowAccess;
import io.qaexchange.job.query.sql.SqlTables;
import io.qaexchange.job.query.typed.UnionScan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads of the query server over files that are on another disk only: rows by type, and SQL. */
class TieredReadsTest {

    private static final int ROWS = 40;
    private static final UnionScan.Range TICKS = new UnionScan.Range(EventSchema.get().findTable("tick"), null, Long.MIN_VALUE, Long.MAX_VALUE);

    @TempDir
    private Path parent;
    private Path second;
    private Path cache;
    private TieredArchive archive;

    @BeforeEach
    void movedFiles() throws IOException {
        cache = parent.resolve("cache-of-queries");
        System.setProperty(TierSettings.FOLDER, cache.toString());
        TierSettings.reset();
        second = Files.createDirectories(parent.resolve("second"));
        archive = new TieredArchive(parent, "file://" + second);
        archive.moveAll();
    }

    @AfterEach
    void closeCache() throws IOException {
        TierSettings.cache().close();
        System.clearProperty(TierSettings.FOLDER);
        TierSettings.reset();
    }

    private LiveRead read() throws IOException {
        return new LiveRead(null, ReadLevel.LIVE, Instruments.defaults(), 128, List.of(), CutFiles.of(archive.store().latest(), List.of()), RowAccess.ALL);
    }

    @Test
    void rowsByTypeAreReadFileByFileAndLetGo() throws IOException {
        long[] rows = new long[1];
        new UnionScan(read(), archive.store()).forEach(TICKS, row -> rows[0]++);
        assertThat(rows[0]).isEqualTo(ROWS);
        assertThat(beingRead()).isEmpty();

        Files.move(second, parent.resolve("unmounted"));
        try (Stream<Path> cached = Files.list(cache.resolve("files"))) {
            for (Path file : cached.toList()) {
                Files.delete(file);
            }
        }
        assertThatThrownBy(() -> new UnionScan(read(), archive.store()).forEach(TICKS, row -> { })).isInstanceOf(IOException.class)
                .hasMessageContaining("file table=tick/date=2026-01-05/").hasMessageContaining("is in an object store only")
                .hasMessageContaining("mount its disk");
    }

    @Test
    void sqlHasItsFilesUntilItIsClosed() throws Exception {
        try (SqlTables tables = SqlTables.create()) {
            tables.load(new LiveRowSource(read(), archive.store(), List::of), tables.parse("SELECT count(*) FROM tick"));
            assertThat(beingRead()).hasSize(1);
            assertThat(count(tables)).isEqualTo(ROWS);
        }
        assertThat(beingRead()).isEmpty();
    }

    private static long count(SqlTables tables) throws SQLException {
        try (Statement statement = tables.connection().createStatement(); ResultSet rows = statement.executeQuery("SELECT count(*) FROM tick")) {
            rows.next();
            return rows.getLong(1);
        }
    }

    private List<Path> beingRead() throws IOException {
        try (Stream<Path> files = Files.walk(cache.resolve("users"))) {
            return files.filter(file -> file.toString().endsWith(".parquet")).toList();
        }
    }
}
