package io.qaexchange.job.cli.read;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.cli.Tool;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code bin/query} on an archive without files. */
class QueryCommandTest {

    @TempDir
    private Path archive;
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final ByteArrayOutputStream complained = new ByteArrayOutputStream();
    private final PrintStream out = System.out;
    private final PrintStream err = System.err;

    @BeforeEach
    void redirect() {
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        System.setErr(new PrintStream(complained, true, StandardCharsets.UTF_8));
    }

    @AfterEach
    void restore() {
        System.setOut(out);
        System.setErr(err);
    }

    @Test
    void tablesWithoutRowsAreThere() {
        int code = query("SELECT count(*) AS rows FROM trade UNION ALL SELECT count(*) FROM account_daily");

        assertThat(code).isEqualTo(Tool.GOOD);
        assertThat(printed.toString(StandardCharsets.UTF_8)).isEqualTo("rows\n0\n0\n");
    }

    @Test
    void namesTheTablesWhenOneDoesNotExist() {
        assertThat(query("SELECT * FROM trades")).isEqualTo(Tool.BAD);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains("trades does not exist", "tables: order_insert", "account_daily");
    }

    @Test
    void saysWhereSqlIsWrong() {
        assertThat(query("SELEC 1")).isEqualTo(Tool.BAD);
        assertThat(complained.toString(StandardCharsets.UTF_8)).contains("syntax error at or near \"SELEC\"").doesNotContain("tables:");
    }

    private int query(String sql) {
        return new CommandLine(new QueryCommand()).execute(sql, "--parquet", archive.toString(), "--format", "csv");
    }
}
