package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.session.Column;
import io.qaexchange.job.server.session.ReadMoment;
import io.qaexchange.job.server.session.SqlSession;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import javax.annotation.Nullable;

/**
 * The statements that set and show settings, and what settings decide: which notices a client gets, how long a statement may take.
 *
 * <p>One thread.
 */
final class SettingStatements {

    private final PgSettings settings;
    private final SqlSession session;
    private final PgOutput out;

    SettingStatements(PgSettings settings, SqlSession session, PgOutput out) {
        this.settings = settings;
        this.session = session;
        this.out = out;
    }

    /** Columns of what {@link #show} answers. */
    static List<Column> columns(ClientStatement.Show show) {
        return show.name() == null ? List.of(new Column("name", "VARCHAR"), new Column("setting", "VARCHAR"), new Column("description", "VARCHAR"))
                : List.of(new Column(show.name().replace(' ', '_'), "VARCHAR"));
    }

    /** SET and RESET of one. */
    void set(ClientStatement.SetValue of) throws PgException {
        if (of.name().equalsIgnoreCase(PgSettings.LEVEL) && of.value() != null) {
            try {
                session.checkLevel(of.value());
            } catch (IllegalArgumentException e) {
                throw new PgException(SqlState.INVALID_PARAMETER, e.getMessage(), null, e);
            }
        }
        PgSettings.Change change = of.value() == null ? settings.reset(of.name()) : settings.set(of.name(), of.value());
        if (change != null && change.notice() != null) {
            notice("00000", change.notice(), null);
        }
        if (change != null && change.reported()) {
            report(change.name(), change.value());
        }
        out.begin('C').putString(of.value() == null ? "RESET" : "SET").end();
    }

    private void report(String name, String value) {
        out.begin('S').putString(name).putString(value).end();
    }

    /** SHOW of one or of all; their columns were described. */
    void show(ClientStatement.Show of) throws PgException {
        if (of.name() != null) {
            String value = settings.get(of.name());
            if (value == null) {
                throw new PgException(SqlState.UNDEFINED_OBJECT, "unrecognized configuration parameter \"" + of.name() + "\"",
                        "SHOW TABLES and DESCRIBE name show tables and columns.");
            }
            row(value);
            out.begin('C').putString("SHOW").end();
            return;
        }
        settings.all().forEach((name, value) -> row(name, value, ""));
        out.begin('C').putString("SHOW").end();
    }

    private void row(String... values) {
        out.begin('D').putShort(values.length);
        for (String value : values) {
            byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
            out.putInt(utf8.length).putBytes(utf8, 0, utf8.length);
        }
        out.end();
    }

    /** Names level, moments and offsets to clients that look at notices. */
    void tell(ReadMoment moment) {
        notice("00000", moment.sentence(), moment.offsets().isEmpty() ? null : "Kafka offsets: " + moment.offsets());
        moment.notices().forEach(text -> notice("02000", text, null));
    }

    /** A notice, unless the client does not want any. */
    void notice(String code, String text, @Nullable String detail) {
        String least = settings.get("client_min_messages").toLowerCase(Locale.ROOT);
        if (least.equals("warning") || least.equals("error") || least.equals("fatal") || least.equals("panic")) {
            return;
        }
        out.begin('N').putByte('S').putString("NOTICE").putByte('V').putString("NOTICE").putByte('C').putString(code).putByte('M').putString(text);
        if (detail != null) {
            out.putByte('D').putString(detail);
        }
        out.putByte(0).end();
    }

    /** How long a statement may take; 0 for as long as it likes. */
    long timeoutMs() {
        String text = settings.get("statement_timeout").replaceAll("\\s*ms$", "");
        String seconds = text.replaceAll("\\s*s$", "");
        return text.matches("\\d{1,9}") ? Long.parseLong(text) : seconds.matches("\\d{1,6}") ? Long.parseLong(seconds) * 1_000 : 0;
    }
}
