package io.qaexchange.iceberg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.apache.iceberg.Table;
import org.apache.iceberg.expressions.Expressions;
import org.apache.iceberg.types.Types;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Somebody else changes a table with Iceberg's own library. It is refused and said, and the repair puts the table back. */
class ForeignChangesTest {

    private static final String TRADE = "trade";

    @TempDir
    private Path folder;
    private ArchiveHistory history;
    private IcebergMirror mirror;

    /** A change, what a sync says about it, and what the repair says. */
    private enum Change {
        COLUMN_ADDED(table -> table.updateSchema().addColumn("comment", Types.StringType.get()).commit(), "the schema", "the schema put back"),
        COLUMN_RENAMED(table -> table.updateSchema().renameColumn("price", "cost").commit(), "the schema", "the schema put back"),
        COLUMN_DROPPED(table -> table.updateSchema().deleteColumn("account").commit(), "the schema", "the schema put back"),
        COLUMN_WIDENED(table -> table.updateSchema().updateColumn("trading_day", Types.LongType.get()).commit(), "the schema", "the schema put back"),
        MAPPING(table -> table.updateProperties().set("schema.name-mapping.default", "[]").commit(), "schema.name-mapping.default", "schema.name-mapping.default put back"),
        PARTITIONING(table -> table.updateSpec().addField("instrument").commit(), "the partitioning", "the partitioning put back"),
        PROPERTY(table -> table.updateProperties().set("gc.enabled", "true").commit(), "gc.enabled", "gc.enabled put back"),
        PROPERTY_REMOVED(table -> table.updateProperties().remove("commit.retry.num-retries").commit(), "commit.retry.num-retries", "commit.retry.num-retries put back"),
        ROWS_AND_COLUMN(table -> {
            table.updateSchema().addColumn("comment", Types.StringType.get()).commit();
            table.newDelete().deleteFromRowFilter(Expressions.equal("date", "2026-01-05")).commit();
        }, "was committed by somebody else", "is branch foreign-"),
        FORMAT_3(table -> table.updateProperties().set("format-version", "3").commit(), "the format version, which is 3 and not 2", "put aside");

        private final Consumer<Table> made;
        private final String refused;
        private final String repaired;

        Change(Consumer<Table> made, String refused, String repaired) {
            this.made = made;
            this.refused = refused;
            this.repaired = repaired;
        }
    }

    @BeforeEach
    void archive() throws IOException {
        history = new ArchiveHistory(folder, 5);
        mirror = IcebergMirror.of(history.store());
        history.archive(TRADE, 5, "2026-01-05");
        history.archive(TRADE, 6, "2026-01-06");
        mirror.sync();
    }

    private Table theirs() throws IOException {
        return IcebergMirror.of(history.store()).open(TRADE);
    }

    @ParameterizedTest
    @EnumSource(Change.class)
    void isRefusedAndPutBack(Change change) throws IOException {
        Map<String, Integer> columns = theirs().schema().idToName().entrySet().stream().collect(java.util.stream.Collectors.toMap(Map.Entry::getValue, Map.Entry::getKey));
        change.made.accept(theirs());
        history.archive(TRADE, 7, "2026-01-06");

        assertThatThrownBy(mirror::sync).isInstanceOf(ForeignCommitException.class).hasMessageContaining("table trade").hasMessageContaining(change.refused)
                .hasMessageContaining("Nothing was changed. bin/table repair");
        assertThat(mirror.status().tables().get(0).problem()).contains(change.refused);
        assertThat(mirror.check(history.store().latest().version()).problems()).isNotEmpty();

        assertThat(mirror.repair(false)).anyMatch(line -> line.contains(change.repaired));
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
        assertThat(mirror.repair(false)).as("nothing is left to repair").isEmpty();
        Table table = theirs();
        columns.forEach((name, id) -> assertThat(table.schema().findField(name).fieldId()).as(name).isEqualTo(id));
        assertThat(table.schema().idToName()).hasSameSizeAs(columns);
        history.archive(TRADE, 8, "2026-01-07");
        mirror.sync();
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
        assertThat(mirror.check(history.store().latest().version()).problems()).isEmpty();
    }

    @Test
    void whatNoRowDependsOnStays() throws IOException {
        Table table = theirs();
        table.updateProperties().set("comment", "of the desk").commit();
        table.replaceSortOrder().asc("price").commit();
        table.manageSnapshots().createTag("end-of-day", table.currentSnapshot().snapshotId()).commit();
        history.archive(TRADE, 7, "2026-01-06");
        mirror.sync();

        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
        assertThat(theirs().properties()).containsEntry("comment", "of the desk");
        assertThat(theirs().refs()).containsKey("end-of-day");
        assertThat(mirror.repair(false)).isEmpty();
    }

    @Test
    void aRollbackIsFollowedByTheNextSync() throws IOException {
        Table table = theirs();
        table.manageSnapshots().rollbackTo(table.currentSnapshot().parentId()).commit();
        assertThat(mirror.status().isCurrent()).isFalse();

        mirror.sync();
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
    }

    @Test
    void metadataOfAVersionThatIsNotKnownIsPutAside() throws IOException {
        List<String> files = IcebergMirrorTest.planned(theirs().newScan());
        Path newest = history.pathOf("_iceberg/trade/metadata/v4.metadata.json");
        Files.writeString(newest, Files.readString(history.pathOf("_iceberg/trade/metadata/v3.metadata.json")).replace("\"format-version\":2", "\"format-version\":99"));
        history.archive(TRADE, 7, "2026-01-06");

        for (IcebergMirror any : List.of(mirror, IcebergMirror.of(history.store()))) {
            assertThatThrownBy(any::sync).isInstanceOf(IOException.class).hasMessageContaining("v4.metadata.json cannot be read").hasMessageContaining("version 99")
                    .hasMessageContaining("Nothing was changed. bin/table repair puts it aside");
        }
        assertThat(mirror.status().tables().get(0).problem()).contains("version 99");
        assertThat(mirror.repair(false)).anyMatch(line -> line.contains(".aside-trade-1"));
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
        assertThat(Files.readString(history.pathOf("_iceberg/.aside-trade-1/metadata/v4.metadata.json"))).as("nothing is lost").contains("99");
        assertThat(IcebergMirrorTest.planned(theirs().newScan())).containsAll(files);
    }

    @Test
    void aTableThatWasDroppedIsMadeAnewByTheNextSync() throws IOException {
        try (Stream<Path> all = Files.walk(history.pathOf("_iceberg/trade"))) {
            for (Path file : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        assertThat(mirror.status().isCurrent()).isFalse();

        mirror.sync();
        IcebergMirrorTest.assertShowsTheManifest(history, mirror);
    }
}
