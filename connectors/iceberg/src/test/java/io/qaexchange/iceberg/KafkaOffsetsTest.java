package io.qaexchange.iceberg;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.Map;
import java.util.TreeMap;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.Table;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The offsets that snapshots name, against those that DuckDB finds in their files. */
class KafkaOffsetsTest {

    @TempDir
    private Path folder;

    private static Map<String, Map<Integer, Long>> byDuckDb(Table table) throws Exception {
        StringBuilder files = new StringBuilder();
        try (var tasks = table.newScan().planFiles()) {
            tasks.forEach(task -> files.append(files.isEmpty() ? "'" : ", '").append(task.file().location().substring(7)).append('\''));
        }
        Map<String, Map<Integer, Long>> found = new TreeMap<>();
        try (Connection duckDb = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = duckDb.createStatement();
                ResultSet rows = statement.executeQuery("SELECT kafka_topic, kafka_partition, max(kafka_offset) FROM read_parquet([" + files + "]) GROUP BY 1, 2")) {
            while (rows.next()) {
                found.computeIfAbsent(rows.getString(1), none -> new TreeMap<>()).put(rows.getInt(2), rows.getLong(3));
            }
        }
        return found;
    }

    private static KafkaOffsets named(Snapshot snapshot) throws IOException {
        return KafkaOffsets.parse(snapshot.summary().get(TableMirror.KAFKA_OFFSETS));
    }

    @Test
    void eachSnapshotNamesTheGreatestOffsetOfEachPartition() throws Exception {
        ArchiveHistory history = new ArchiveHistory(folder, 3);
        IcebergMirror mirror = IcebergMirror.of(history.store());
        ArchiveHistory.Checkpoint first = history.archive("trade", 60, "2026-01-05");
        mirror.sync();
        KafkaOffsets atFirst = named(mirror.open("trade").currentSnapshot());
        assertThat(atFirst.byTopic()).isEqualTo(byDuckDb(mirror.open("trade"))).hasSize(3);

        for (int i = 0; i < 3; i++) {
            history.archive("trade", 40, "2026-01-05", "2026-01-06");
        }
        mirror.sync();
        KafkaOffsets atSecond = named(mirror.open("trade").currentSnapshot());
        assertThat(atSecond.byTopic()).isEqualTo(byDuckDb(mirror.open("trade")));
        assertThat(atSecond.covers(atFirst)).isTrue();
        assertThat(atFirst.covers(atSecond)).isFalse();

        assertThat(history.compact()).isPositive();
        mirror.sync();
        assertThat(named(mirror.open("trade").currentSnapshot())).as("compaction").isEqualTo(atSecond);

        history.restore(first);
        mirror.sync();
        Table restored = mirror.open("trade");
        assertThat(named(restored.currentSnapshot())).as("a restore goes back").isEqualTo(atFirst);
        assertThat(named(restored.snapshot("abandoned-a-0"))).as("the branch that it abandons, with files that moved").isEqualTo(atSecond);
        assertThat(mirror.check(history.store().latest().version()).problems()).isEmpty();

        history.archive("trade", 5, "2026-01-07");
        history.expire("2026-01-05");
        mirror.sync();
        KafkaOffsets expired = named(mirror.open("trade").currentSnapshot());
        assertThat(expired.covers(atFirst)).as("rows that the retention takes away were read all the same").isTrue();
        assertThat(mirror.check(history.store().latest().version()).problems()).isEmpty();
    }

    @Test
    void aTableOfAnOlderBuildGetsThemWithItsNextSnapshot() throws Exception {
        ArchiveHistory history = new ArchiveHistory(folder, 4);
        IcebergMirror mirror = IcebergMirror.of(history.store());
        history.archive("trade", 30, "2026-01-05");
        mirror.sync();
        removeFromSummaries(folder.resolve("archive/_iceberg/trade/metadata"));
        assertThat(IcebergMirror.of(history.store()).open("trade").currentSnapshot().summary()).doesNotContainKey(TableMirror.KAFKA_OFFSETS);
        assertThat(IcebergMirror.of(history.store()).check(history.store().latest().version()).problems()).as("an old snapshot is no problem").isEmpty();

        history.archive("trade", 4, "2026-01-06");
        IcebergMirror again = IcebergMirror.of(history.store());
        again.sync();

        assertThat(named(again.open("trade").currentSnapshot()).byTopic()).isEqualTo(byDuckDb(again.open("trade")));
    }

    private static void removeFromSummaries(Path metadata) throws IOException {
        try (var files = Files.list(metadata)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".metadata.json")).toList()) {
                String json = Files.readString(file);
                Files.writeString(file, json.replaceAll("\"" + TableMirror.KAFKA_OFFSETS + "\"\\s*:\\s*\"(\\\\.|[^\"\\\\])*\"\\s*,?", ""));
            }
        }
    }

    @Test
    void theCheckNamesOffsetsThatAreNotThoseOfTheRows() throws Exception {
        ArchiveHistory history = new ArchiveHistory(folder, 5);
        IcebergMirror mirror = IcebergMirror.of(history.store());
        history.archive("trade", 30, "2026-01-05");
        mirror.sync();
        Path metadata = folder.resolve("archive/_iceberg/trade/metadata");
        try (var files = Files.list(metadata)) {
            for (Path file : files.filter(path -> path.toString().endsWith(".metadata.json")).toList()) {
                Files.writeString(file, Files.readString(file).replace("{\\\"topic-0\\\":{", "{\\\"topic-9\\\":{"));
            }
        }

        assertThat(IcebergMirror.of(history.store()).check(history.store().latest().version()).problems()).singleElement().asString()
                .contains("table trade: snapshot ", " names Kafka offsets {\"topic-9\":", ", its rows have {\"topic-0\":");
    }

    @Test
    void theTextHasTheFormOfOtherReadersOfKafka() throws IOException {
        String text = "{\"events\":{\"0\":12,\"1\":9007199254740993},\"more\":{\"0\":-1}}";
        assertThat(KafkaOffsets.parse(text).toJson()).isEqualTo(text);
        assertThat(KafkaOffsets.NONE.toJson()).isEqualTo("{}");
        for (String wrong : new String[] {"{\"events\":{\"0\":\"12\"}}", "{\"events\":{\"x\":12}}", "{\"events\":{\"0\":1.5}}", "{\"events\":"}) {
            assertThatThrownBy(() -> KafkaOffsets.parse(wrong)).as(wrong).isInstanceOf(IOException.class).hasMessageContaining("Kafka offsets " + wrong);
        }
    }
}
