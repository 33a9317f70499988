package io.qaexchange.iceberg;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.Metrics;
import org.apache.iceberg.Table;
import org.apache.iceberg.expressions.Expressions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The check names what somebody did to a table, its metadata or its files. */
class MirrorCheckTest {

    @TempDir
    private Path folder;
    private ArchiveHistory history;

    @BeforeEach
    void sync() throws IOException {
        history = new ArchiveHistory(folder, 9);
        history.archive("trade", 5, "2026-01-05");
        history.archive("trade", 6, "2026-01-06");
        history.archive("tick", 3, "2026-01-05");
        IcebergMirror.of(history.store()).sync();
    }

    private MirrorCheck check() throws IOException {
        return IcebergMirror.of(history.store()).check(history.store().latest().version());
    }

    private Table trade() throws IOException {
        return IcebergMirror.of(history.store()).open("trade");
    }

    @Test
    void holdsForEachVersionThatIsKept() throws IOException {
        assertThat(check()).isEqualTo(new MirrorCheck(4, 2, 3, 14, List.of()));
        history.archive("trade", 7, "2026-01-06");
        IcebergMirror.of(history.store()).sync();
        assertThat(IcebergMirror.of(history.store()).check(4)).as("of an older version").isEqualTo(new MirrorCheck(4, 2, 3, 14, List.of()));
        assertThat(check().rows()).isEqualTo(21);
    }

    @Test
    void saysThatATableIsBehind() throws IOException {
        history.archive("trade", 7, "2026-01-06");

        assertThat(check().problems()).singleElement().asString().contains("at archive manifest version 4, the audit read version 5", "bin/table sync");
    }

    @Test
    void namesACommitOfSomebodyElse() throws IOException {
        trade().newDelete().deleteFromRowFilter(Expressions.equal("date", "2026-01-05")).commit();

        assertThat(check().problems()).singleElement().asString().contains("was committed by somebody else");
    }

    @Test
    void namesAFileThatAForgedCommitTookOut() throws IOException {
        DataFile file = entries(trade()).get(0);
        trade().newDelete().deleteFile(file).set(ForeignChanges.MANIFEST_VERSION, "4").set(TableMirror.ARCHIVE_EPOCH, "a-0").set(TableMirror.CHECKPOINT, "3").commit();

        assertThat(check().problems()).singleElement().asString().contains("lacks file");
    }

    @Test
    void namesFiguresThatAForgedCommitChanged() throws IOException {
        Table table = trade();
        DataFile file = entries(table).get(0);
        Metrics without = new Metrics(file.recordCount(), file.columnSizes(), file.valueCounts(), file.nullValueCounts(), null, null, null);
        DataFile forged = DataFiles.builder(table.spec()).copy(file).withMetrics(without).build();
        table.newDelete().deleteFile(file).set(ForeignChanges.MANIFEST_VERSION, "4").set(TableMirror.ARCHIVE_EPOCH, "a-0").set(TableMirror.CHECKPOINT, "3").commit();
        table.newAppend().appendFile(forged).set(ForeignChanges.MANIFEST_VERSION, "4").set(TableMirror.ARCHIVE_EPOCH, "a-0").set(TableMirror.CHECKPOINT, "3").commit();

        assertThat(check().problems()).singleElement().asString().contains("a bound of values of file");
    }

    @Test
    void namesAFileThatIsGone() throws IOException {
        Files.delete(Path.of(entries(trade()).get(0).location().substring(7)));

        assertThat(check().problems()).singleElement().asString().contains(".parquet");
    }

    private static List<DataFile> entries(Table table) throws IOException {
        try (var tasks = table.newScan().includeColumnStats().planFiles()) {
            List<DataFile> files = new java.util.ArrayList<>();
            tasks.forEach(task -> files.add(task.file().copy()));
            return files;
        }
    }
}
