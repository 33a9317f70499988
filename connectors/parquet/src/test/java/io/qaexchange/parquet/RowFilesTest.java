package io.qaexchange.parquet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.parquet.column.RowColumn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.Map;
import java.util.Random;
import org.apache.parquet.io.InputFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowFilesTest {

    private static final Map<String, String> FOOTER = Map.of(FooterKeys.BATCH_ID, "batch", FooterKeys.TRADING_DAY, "2026-01-06");

    @TempDir
    private Path folder;

    private static InputFile input(Path file) throws IOException {
        return FlinkInputFile.of(new org.apache.flink.core.fs.Path(file.toUri()));
    }

    private static List<RowColumn> columns() {
        List<RowColumn> columns = new ArrayList<>();
        for (RowColumn.Kind kind : RowColumn.Kind.values()) {
            columns.add(new RowColumn("needed_" + kind, kind, false));
            columns.add(new RowColumn("perhaps_" + kind, kind, true));
        }
        return columns;
    }

    private static Object value(RowColumn.Kind kind, Random random) {
        return switch (kind) {
            case INT -> random.nextInt();
            case DOUBLE -> random.nextGaussian();
            case TEXT -> "text \u00fc\u4e2d " + random.nextInt(50);
            case MONEY -> random.nextLong();
            case LONG, TIME_NS, TIME_US -> random.nextLong() >> 3;
        };
    }

    private Path write(String name, List<RowColumn> columns, int rows, Random random) throws IOException {
        Path file = folder.resolve(name);
        try (RowParquetWriter writer = RowParquetWriter.create(file, "table", columns, new ParquetOptions(ParquetCompression.ZSTD, 70))) {
            for (int i = 0; i < rows; i++) {
                Object[] values = new Object[columns.size()];
                for (int c = 0; c < values.length; c++) {
                    values[c] = columns.get(c).nullable() && random.nextInt(3) == 0 ? null : value(columns.get(c).kind(), random);
                }
                writer.write(1_000 + random.nextInt(1_000), values);
            }
            writer.finish(FOOTER);
        }
        return file;
    }

    private static List<String> rows(List<Path> files) throws Exception {
        List<String> rows = new ArrayList<>();
        try (Connection connection = DriverManager.getConnection("jdbc:duckdb:"); Statement statement = connection.createStatement()) {
            for (Path file : files) {
                try (ResultSet found = statement.executeQuery("SELECT * FROM read_parquet('" + file + "', file_row_number = true) ORDER BY file_row_number")) {
                    int columns = found.getMetaData().getColumnCount() - 1;
                    while (found.next()) {
                        StringBuilder row = new StringBuilder();
                        for (int c = 1; c <= columns; c++) {
                            row.append(found.getObject(c)).append('|');
                        }
                        rows.add(row.toString());
                    }
                }
            }
        }
        return rows;
    }

    @Test
    void everyColumnOfEveryRowIsInTheJoinedFileInTheOrderOfTheFiles() throws Exception {
        Random random = new Random(5);
        List<Path> files = List.of(write("a", columns(), 200, random), write("b", columns(), 1, random), write("c", columns(), 99, random));
        Path joined = folder.resolve("joined");
        List<InputFile> sources = new ArrayList<>();
        long least = Long.MAX_VALUE;
        long greatest = Long.MIN_VALUE;
        for (Path file : files) {
            sources.add(input(file));
            EventFileFooter footer = EventFileFooter.read(input(file));
            least = Math.min(least, footer.minEventTimeNs());
            greatest = Math.max(greatest, footer.maxEventTimeNs());
        }

        assertThat(RowFiles.join(sources, joined, FOOTER, new ParquetOptions(ParquetCompression.SNAPPY, 130))).containsExactly(200, 1, 99);

        assertThat(rows(List.of(joined))).hasSize(300).isEqualTo(rows(files));
        EventFileFooter footer = EventFileFooter.read(input(joined));
        assertThat(footer.table()).isEqualTo("table");
        assertThat(footer.rows()).isEqualTo(300);
        assertThat(footer.minEventTimeNs()).isEqualTo(least);
        assertThat(footer.maxEventTimeNs()).isEqualTo(greatest);
    }

    @Test
    void refusesFilesWithOtherColumnsAndLeavesNoFile() throws Exception {
        Random random = new Random(6);
        List<RowColumn> fewer = columns().subList(1, columns().size());
        List<InputFile> sources = List.of(input(write("a", columns(), 3, random)), input(write("b", fewer, 3, random)));
        Path joined = folder.resolve("joined");
        assertThatThrownBy(() -> RowFiles.join(sources, joined, FOOTER, ParquetOptions.DEFAULT)).isInstanceOf(IOException.class)
                .hasMessageContaining(folder.resolve("b").toString()).hasMessageContaining("other columns");
        assertThat(joined).doesNotExist();
    }

    @Test
    void noticesAnyByteOfAPageThatWasChanged() throws Exception {
        Random random = new Random(7);
        Path good = write("a", columns(), 50, random);
        byte[] bytes = Files.readAllBytes(good);
        List<String> rows = rows(List.of(good));
        int noticed = 0;
        for (int i = 0; i < 60; i++) {
            byte[] changed = bytes.clone();
            changed[4 + random.nextInt(bytes.length - 4)] ^= (byte) (1 << random.nextInt(Byte.SIZE));
            Path damaged = Files.write(folder.resolve("damaged"), changed);
            Path joined = folder.resolve("joined-" + i);
            try {
                RowFiles.join(List.of(input(damaged)), joined, FOOTER, ParquetOptions.DEFAULT);
                // A byte that no reader looks at, such as one of a statistic.
                assertThat(rows(List.of(joined))).isEqualTo(rows);
            } catch (IOException e) {
                noticed++;
                assertThat(joined).doesNotExist();
            }
        }
        assertThat(noticed).isGreaterThan(20);
    }

    /** Readers once had the decompressors of each other. */
    @Test
    void filesAreReadByManyThreadsAtOnce() throws Exception {
        Path file = write("many", columns(), 500, new Random(8));
        List<Object> expected = new ArrayList<>();
        RowFiles.forEachRow(input(file), row -> expected.add(row.text("needed_TEXT")));
        ExecutorService threads = Executors.newFixedThreadPool(6);
        try {
            List<Future<?>> readers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                readers.add(threads.submit(() -> {
                    for (int round = 0; round < 100; round++) {
                        List<Object> found = new ArrayList<>();
                        RowFiles.forEachRow(input(file), row -> found.add(row.text("needed_TEXT")));
                        assertThat(found).isEqualTo(expected);
                    }
                    return null;
                }));
            }
            for (Future<?> reader : readers) {
                reader.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
