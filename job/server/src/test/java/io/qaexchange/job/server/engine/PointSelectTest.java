package io.qaexchange.job.server.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.job.server.pg.PgSchema;
import io.qaexchange.job.server.session.SessionSchema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which statements are run without a database, and which rows they ask for. That both ways give the same rows is tested beside a running job. */
class PointSelectTest {

    private static final long AT = 1_767_575_000_123_456_000L;

    private static PointSelect plain(String sql) {
        return PointSelect.of(sql, SessionSchema.PLAIN);
    }

    private static PointSelect pg(String sql) {
        return PointSelect.of(sql, new PgSchema());
    }

    @Test
    void rowsOfAnInstrumentAreFound() {
        PointSelect select = plain("select instrument, \"last_price\" From main.tick Where instrument = 'it''s' ORDER BY event_time DESC LIMIT 10;");

        assertThat(select.range().type().table()).isEqualTo("tick");
        assertThat(select.range().instrument()).isEqualTo("it's");
        assertThat(select.labels().stream().map(column -> column.name() + " " + column.type())).containsExactly("instrument VARCHAR", "last_price DOUBLE");
        assertThat(select.descending()).isTrue();
        assertThat(select.limit()).isEqualTo(10);
        assertThat(select.range().fromNs()).isEqualTo(Long.MIN_VALUE);
        assertThat(select.range().toNs()).isEqualTo(Long.MAX_VALUE);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '"', value = {"= TIMESTAMPTZ '2026-01-05 01:03:20.123456+00' | 0 | 1",
        "= TIMESTAMPTZ_NS '2026-01-05 01:03:20.123456001+00' | 1 | 2", "= '2026-01-05T01:03:20.123456Z' | 0 | 1",
        "= CAST('2026-01-05 09:03:20.123456+08:00' AS TIMESTAMPTZ) | 0 | 1", "> '2026-01-05 01:03:20.123456+00' | 1 |", ">= '2026-01-05 01:03:20.123456+00' | 0 |",
        "< '2026-01-05 01:03:20.123456+00' | | 0", "<= '2026-01-05 01:03:20.123456+00' | | 1"})
    void timesHaveNanoseconds(String condition, Long from, Long to) {
        PointSelect select = plain("SELECT * FROM trade WHERE event_time " + condition + " AND instrument = 'A'");

        assertThat(select.range().fromNs()).isEqualTo(from == null ? Long.MIN_VALUE : AT + from);
        assertThat(select.range().toNs()).isEqualTo(to == null ? Long.MAX_VALUE : AT + to);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"= | 0 | 1000", "> | 1000 |", ">= | 0 |", "< | | 0", "<= | | 1000"})
    void clientsOfPostgresCompareMicroseconds(String comparison, Long from, Long to) {
        PointSelect select = pg("SELECT event_time, event_time_ns FROM public.tick WHERE instrument = CAST('A' AS VARCHAR) AND event_time " + comparison
                + " TIMESTAMPTZ '2026-01-05 01:03:20.123456+00'");

        assertThat(select.range().fromNs()).isEqualTo(from == null ? Long.MIN_VALUE : AT + from);
        assertThat(select.range().toNs()).isEqualTo(to == null ? Long.MAX_VALUE : AT + to);
        assertThat(select.columns().toString()).contains("TIMESTAMP WITH TIME ZONE", "source=event_time_us", "BIGINT", "source=event_time]");
    }

    /** These mean something else, or are wrong in a way that DuckDB explains. */
    @ParameterizedTest
    @ValueSource(strings = {"", "SELECT 1", "SELECT * FROM tick", "SELECT * FROM tick WHERE instrument = 'A' OR true", "SELECT * FROM tick WHERE instrument <> 'A'",
        "SELECT * FROM tick WHERE instrument = \"A\"", "SELECT * FROM tick WHERE instrument = E'A'", "SELECT * FROM tick WHERE instrument = 'A' AND instrument = 'B'",
        "SELECT DISTINCT instrument FROM tick WHERE instrument = 'A'", "SELECT instrument i FROM tick WHERE instrument = 'A'", "SELECT Instrument FROM tick WHERE instrument = 'A'",
        "SELECT nothing FROM tick WHERE instrument = 'A'", "SELECT * FROM nothing WHERE instrument = 'A'", "SELECT * FROM other.tick WHERE instrument = 'A'",
        "SELECT * FROM tick t WHERE instrument = 'A'", "SELECT * FROM tick WHERE instrument = 'A' LIMIT 0", "SELECT * FROM tick WHERE instrument = 'A' LIMIT 1001",
        "SELECT * FROM tick WHERE instrument = 'A' LIMIT 1 OFFSET 1", "SELECT * FROM tick WHERE instrument = 'A' ORDER BY last_price",
        "SELECT * FROM tick WHERE instrument = 'A' ORDER BY event_time NULLS FIRST", "SELECT * FROM tick WHERE instrument = 'A'; SELECT 1",
        "SELECT * FROM tick WHERE instrument = 'A' -- x", "SELECT * FROM tick WHERE instrument = $1", "SELECT * FROM tick WHERE instrument = 'A' AND event_time > = '2026-01-05 00:00:00Z'",
        "SELECT * FROM tick WHERE instrument = 'A' AND event_time = '2026-01-05 01:03:20'", "SELECT * FROM tick WHERE instrument = 'A' AND event_time = '2026-02-30 01:03:20Z'",
        "SELECT * FROM tick WHERE instrument = 'A' AND event_time = TIMESTAMPTZ '2026-01-05 01:03:20.1234567+00'", "SELECT * FROM tick WHERE instrument = 'A' AND event_time = 5",
        "SELECT * FROM tick WHERE instrument = '@account'", "SELECT * FROM tick WHERE instrument = 'A' AND event_time = '9999-01-01 00:00:00Z'",
        "SELECT * FROM book_snapshot WHERE instrument = 'A'", "SELECT count(*) FROM tick WHERE instrument = 'A'", "SELECT * FROM tick WHERE instrument = 'A' AND volume > 1",
        "INSERT INTO tick SELECT * FROM tick WHERE instrument = 'A'"})
    void otherStatementsAreNot(String sql) {
        assertThat(plain(sql)).as(sql).isNull();
    }

    @Test
    void nanosecondsOfPostgresGoToDuckDb() {
        assertThat(pg("SELECT * FROM tick WHERE instrument = 'A' AND event_time = TIMESTAMPTZ_NS '2026-01-05 01:03:20+00'")).isNull();
        assertThat(pg("SELECT * FROM tick WHERE instrument = 'A' AND event_time = '2026-01-05 01:03:20.1234567+00'")).isNull();
        assertThat(plain("SELECT * FROM public.tick WHERE instrument = 'A'")).isNull();
    }
}
