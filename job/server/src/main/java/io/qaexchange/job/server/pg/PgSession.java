package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.session.Answer;
import io.qaexchange.job.server.session.Column;
import io.qaexchange.job.server.session.SqlSession;
import io.qaexchange.job.server.session.SqlTokens;
import io.qaexchange.job.server.session.SqlTokens.Token;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import javax.annotation.Nullable;

/**
 * The statements of a connection: simple queries and the extended protocol, transactions in name only, cursors, settings.
 *
 * <p>One thread, but for {@link Running}.
 */
final class PgSession implements AutoCloseable {

    private static final int MAX_STATEMENTS = 10_000;
    private static final int MAX_PORTALS = 100;
    private static final PgType.Described TEXT = PgType.ofDuckDb("VARCHAR");

    private final SqlSession session;
    private final CatalogueSql catalogue;
    private final PgSettings settings;
    private final SettingStatements settingStatements;
    private final UnaryOperator<String> constants;
    private final Running running;
    private final PgOutput out;
    private final Map<String, Prepared> statements = new HashMap<>();
    private final Map<String, Bound> portals = new HashMap<>();
    /** I: no transaction, T: in one, E: in one that has failed. */
    private char status = 'I';

    /** Told of answers that begin and end, so that others can cancel them. */
    interface Running {
        /** A statement begins. @return what to do when it ends */
        AutoCloseable begin(long timeoutMs);

        /** Its answer can be cancelled from now on. */
        void opened(Answer answer);

        /** Its answer is closed. */
        void closed(Answer answer);
    }

    /** A statement with its parameters, and what runs of it. */
    private static final class Bound {
        final Prepared prepared;
        /** With constants for parameters; empty if DuckDB does not run it. */
        final String sql;
        final int[] formats;
        @Nullable
        Portal portal;
        @Nullable
        Answer answer;
        /** Whether it has run to its end. */
        boolean done;

        Bound(Prepared prepared, String sql, int[] formats) {
            this.prepared = prepared;
            this.sql = sql;
            this.formats = formats;
        }
    }

    PgSession(SqlSession session, CatalogueSql catalogue, PgSettings settings, UnaryOperator<String> constants, Running running, PgOutput out) {
        this.session = session;
        this.catalogue = catalogue;
        this.settings = settings;
        this.settingStatements = new SettingStatements(settings, session, out);
        this.constants = name -> name.startsWith("setting:") ? settings.get(name.substring("setting:".length())) : constants.apply(name);
        this.running = running;
        this.out = out;
    }

    char status() {
        return status;
    }

    /** Whether a result is open whose client does not ask for its rows. */
    boolean hasOpenResults() {
        return portals.values().stream().anyMatch(bound -> bound.portal != null && bound.portal.isSuspended());
    }

    /** A statement failed. */
    void failed() {
        if (status == 'T') {
            status = 'E';
        }
    }

    /** Runs the statements of a text one after the other. */
    void simple(String sql) throws Exception {
        closePortal("");
        List<List<Token>> all = SqlTokens.statements(sql);
        if (all.isEmpty()) {
            out.begin('I').end();
        }
        for (List<Token> tokens : all) {
            Bound bound = bind(prepare(tokens, new int[0]), List.of(), new int[0]);
            try {
                run(bound, 0, true);
            } finally {
                close(bound);
            }
        }
    }

    private Prepared prepare(List<Token> tokens, int[] declared) throws Exception {
        ClientStatement statement = StatementReader.read(tokens);
        checkTransaction(statement);
        if (statement instanceof ClientStatement.Query query) {
            return Prepared.of(statement, catalogue.rewrite(query.tokens(), constants), declared, session);
        }
        if (statement instanceof ClientStatement.Declare declare) {
            String query = catalogue.rewrite(declare.query().tokens(), constants);
            return new Prepared(statement, Prepared.of(declare.query(), query, declared, session).sql(), List.of(), null);
        }
        if (statement instanceof ClientStatement.Show show) {
            return new Prepared(statement, List.of(), List.of(), SettingStatements.columns(show));
        }
        if (statement instanceof ClientStatement.Fetch fetch && !fetch.move()) {
            return new Prepared(statement, List.of(), List.of(), cursor(fetch.name()).prepared.columns());
        }
        return Prepared.of(statement);
    }

    private void checkTransaction(ClientStatement statement) throws PgException {
        if (status == 'E' && !(statement instanceof ClientStatement.Transaction of && of.kind() != ClientStatement.Transaction.Kind.BEGIN)
                && !(statement instanceof ClientStatement.Empty)) {
            throw new PgException(SqlState.FAILED_TRANSACTION, "current transaction is aborted, commands ignored until end of transaction block");
        }
    }

    private Bound cursor(String name) throws PgException {
        Bound cursor = portals.get(name);
        if (cursor == null) {
            throw new PgException(SqlState.NO_PORTAL, "cursor \"" + name + "\" does not exist");
        }
        return cursor;
    }

    /** Parse. */
    void parse(PgInput.Message message) throws Exception {
        String name = message.getString();
        String sql = message.getString();
        int[] declared = new int[message.getCount(4)];
        for (int i = 0; i < declared.length; i++) {
            declared[i] = message.getInt();
        }
        message.end();
        if (!name.isEmpty() && statements.containsKey(name)) {
            throw new PgException(SqlState.DUPLICATE_STATEMENT, "prepared statement \"" + name + "\" already exists");
        }
        if (statements.size() >= MAX_STATEMENTS) {
            throw new PgException(SqlState.LIMIT, "a connection has at most " + MAX_STATEMENTS + " prepared statements; close some");
        }
        statements.remove(name);
        statements.put(name, prepare(StatementReader.single(sql), declared));
        out.begin('1').end();
    }

    /** Bind. */
    void bind(PgInput.Message message) throws Exception {
        String portal = message.getString();
        String name = message.getString();
        int[] formats = formats(message);
        List<byte[]> values = new ArrayList<>();
        int count = message.getCount(4);
        for (int i = 0; i < count; i++) {
            values.add(message.getValue());
        }
        int[] results = formats(message);
        message.end();
        Prepared prepared = statement(name);
        checkTransaction(prepared.statement());
        if (!portal.isEmpty() && portals.containsKey(portal)) {
            throw new PgException(SqlState.DUPLICATE_CURSOR, "portal \"" + portal + "\" already exists");
        }
        if (portals.size() >= MAX_PORTALS) {
            throw new PgException(SqlState.LIMIT, "a connection has at most " + MAX_PORTALS + " open results; close some");
        }
        if (values.size() != prepared.parameters().size()) {
            throw PgException.protocol("bind message supplies " + values.size() + " parameters, but prepared statement \"" + name + "\" requires "
                    + prepared.parameters().size());
        }
        if (formats.length > 1 && formats.length != values.size()) {
            throw PgException.protocol("bind message has " + formats.length + " parameter formats but " + values.size() + " parameters");
        }
        closePortal(portal);
        List<String> literals = new ArrayList<>();
        for (int i = 0; i < values.size(); i++) {
            literals.add(ParameterDecoder.constant(values.get(i), isBinary(formats, i), prepared.parameters().get(i), i + 1));
        }
        portals.put(portal, bind(prepared, literals, results));
        out.begin('2').end();
    }

    private static int[] formats(PgInput.Message message) throws PgException {
        int[] formats = new int[message.getCount(2)];
        for (int i = 0; i < formats.length; i++) {
            formats[i] = message.getShort();
            if (formats[i] != 0 && formats[i] != 1) {
                throw PgException.protocol("unsupported format code: " + formats[i]);
            }
        }
        return formats;
    }

    private static boolean isBinary(int[] formats, int index) {
        return formats.length == 1 ? formats[0] == 1 : index < formats.length && formats[index] == 1;
    }

    private static Bound bind(Prepared prepared, List<String> literals, int[] formats) throws PgException {
        int used = SqlTokens.parameters(prepared.sql());
        if (used > literals.size()) {
            throw new PgException(SqlState.UNDEFINED_PARAMETER, "there is no parameter $" + used, "Parameters get values in the extended protocol only.");
        }
        return new Bound(prepared, Prepared.replace(prepared.sql(), number -> literals.get(number - 1)), formats);
    }

    private Prepared statement(String name) throws PgException {
        Prepared prepared = statements.get(name);
        if (prepared == null) {
            throw new PgException(SqlState.NO_STATEMENT, name.isEmpty() ? "unnamed prepared statement does not exist"
                    : "prepared statement \"" + name + "\" does not exist");
        }
        return prepared;
    }

    private Bound portal(String name) throws PgException {
        Bound bound = portals.get(name);
        if (bound == null) {
            throw new PgException(SqlState.NO_PORTAL, "portal \"" + name + "\" does not exist");
        }
        return bound;
    }

    /** Describe. */
    void describe(PgInput.Message message) throws Exception {
        int kind = message.getByte();
        String name = message.getString();
        message.end();
        if (kind == 'S') {
            Prepared prepared = statement(name);
            out.begin('t').putShort(prepared.parameters().size());
            prepared.parameters().forEach(parameter -> out.putInt(parameter.oid()));
            out.end();
            describe(prepared.columns() == null ? null : columns(prepared.columns(), new int[0]));
        } else if (kind == 'P') {
            Bound bound = portal(name);
            List<Column> columns = bound.prepared.columns();
            describe(columns == null ? null : columns(columns, bound.formats));
        } else {
            throw PgException.protocol("invalid DESCRIBE message subtype " + kind);
        }
    }

    private static List<Portal.OutColumn> columns(List<Column> columns, int[] formats) throws PgException {
        if (formats.length > 1 && formats.length != columns.size()) {
            throw PgException.protocol("bind message has " + formats.length + " result formats but query has " + columns.size() + " columns");
        }
        List<Portal.OutColumn> described = new ArrayList<>();
        for (int c = 0; c < columns.size(); c++) {
            described.add(new Portal.OutColumn(columns.get(c).name(), PgType.ofDuckDb(columns.get(c).type()), isBinary(formats, c)));
        }
        return described;
    }

    private void describe(@Nullable List<Portal.OutColumn> columns) {
        if (columns == null) {
            out.begin('n').end();
            return;
        }
        out.begin('T').putShort(columns.size());
        for (Portal.OutColumn column : columns) {
            out.putString(column.name()).putInt(0).putShort(0).putInt(column.type().oid()).putShort(column.type().size()).putInt(column.type().modifier())
                    .putShort(column.binary() ? 1 : 0);
        }
        out.end();
    }

    /** Execute. */
    void execute(PgInput.Message message) throws Exception {
        String name = message.getString();
        int most = message.getInt();
        message.end();
        Bound bound = portal(name);
        checkTransaction(bound.prepared.statement());
        run(bound, Math.max(0, most), false);
    }

    /** Close. */
    void close(PgInput.Message message) throws Exception {
        int kind = message.getByte();
        String name = message.getString();
        message.end();
        if (kind == 'S') {
            statements.remove(name);
        } else if (kind == 'P') {
            closePortal(name);
        } else {
            throw PgException.protocol("invalid CLOSE message subtype " + kind);
        }
        out.begin('3').end();
    }

    /** Sync: outside a transaction, results end with it. */
    void sync() {
        if (status == 'I') {
            closePortals();
        }
    }

    private void closePortals() {
        portals.values().forEach(this::close);
        portals.clear();
    }

    private void closePortal(String name) {
        Bound bound = portals.remove(name);
        if (bound != null) {
            close(bound);
        }
    }

    private void close(Bound bound) {
        if (bound.portal != null) {
            bound.portal.close();
        } else if (bound.answer != null) {
            bound.answer.close();
        }
        forget(bound);
    }

    private void forget(Bound bound) {
        if (bound.answer != null) {
            running.closed(bound.answer);
            bound.answer = null;
        }
    }

    private void run(Bound bound, int most, boolean describes) throws Exception {
        try (AutoCloseable statement = running.begin(settingStatements.timeoutMs())) {
            if (bound.prepared.statement() instanceof ClientStatement.Query) {
                runQuery(bound, most, describes);
            } else {
                runOther(bound, describes);
            }
        }
    }

    private void runQuery(Bound bound, int most, boolean describes) throws Exception {
        if (!bound.done && bound.portal == null) {
            open(bound);
            if (describes) {
                describe(bound.portal.columns());
            }
        }
        long sent = bound.done ? 0 : bound.portal.send(most, out);
        complete(bound, sent, "SELECT ");
    }

    private void complete(Bound bound, long sent, String tag) {
        if (!bound.done && bound.portal.isSuspended()) {
            out.begin('s').end();
            return;
        }
        bound.done = true;
        forget(bound);
        out.begin('C').putString(tag + sent).end();
    }

    private void open(Bound bound) throws Exception {
        Answer answer = session.open(bound.sql, settings.get(PgSettings.LEVEL));
        bound.answer = answer;
        running.opened(answer);
        List<Column> columns = bound.prepared.columns() == null ? answer.columns() : bound.prepared.columns();
        if (columns.size() != answer.columns().size()) {
            throw new PgException(SqlState.NOT_SUPPORTED, "cached plan must not change result type");
        }
        if (answer.moment() != null) {
            settingStatements.tell(answer.moment());
        }
        bound.portal = Portal.of(answer, columns(columns, bound.formats));
    }

    private void runOther(Bound bound, boolean describes) throws Exception {
        ClientStatement statement = bound.prepared.statement();
        if (describes && bound.prepared.columns() != null) {
            describe(columns(bound.prepared.columns(), new int[0]));
        }
        if (statement instanceof ClientStatement.Empty) {
            out.begin('I').end();
        } else if (statement instanceof ClientStatement.Transaction of) {
            String tag = transaction(of);
            out.begin('C').putString(tag).end();
        } else if (statement instanceof ClientStatement.SetValue of) {
            settingStatements.set(of);
        } else if (statement instanceof ClientStatement.Show of) {
            settingStatements.show(of);
        } else if (statement instanceof ClientStatement.Discard of) {
            discard(of);
        } else if (statement instanceof ClientStatement.Deallocate of) {
            deallocate(of);
        } else if (statement instanceof ClientStatement.Declare of) {
            declare(of, bound);
        } else if (statement instanceof ClientStatement.Fetch of) {
            fetch(of);
        } else if (statement instanceof ClientStatement.CloseCursor of) {
            closeCursor(of);
        } else if (statement instanceof ClientStatement.Nothing of) {
            out.begin('C').putString(of.tag()).end();
        } else {
            throw new IllegalStateException("queries are run elsewhere");
        }
    }

    private String transaction(ClientStatement.Transaction of) throws PgException {
        switch (of.kind()) {
            case BEGIN -> {
                if (status != 'I') {
                    settingStatements.notice("25001", "there is already a transaction in progress", null);
                }
                status = 'T';
            }
            case COMMIT, ROLLBACK -> {
                if (status == 'I') {
                    settingStatements.notice("25P01", "there is no transaction in progress", null);
                }
                boolean failed = status == 'E';
                status = 'I';
                closePortals();
                return failed ? "ROLLBACK" : of.tag();
            }
            case OTHER -> {
                if (status == 'I') {
                    throw new PgException("25P01", of.tag() + " can only be used in transaction blocks");
                }
                status = 'T';
            }
            default -> throw new IllegalStateException(of.toString());
        }
        return of.tag();
    }

    private void discard(ClientStatement.Discard of) {
        if (of.statements()) {
            statements.clear();
            if (status == 'I') {
                closePortals();
            }
        }
        if (of.statements() || of.tag().equals("RESET")) {
            settings.resetAll();
        }
        out.begin('C').putString(of.tag()).end();
    }

    private void deallocate(ClientStatement.Deallocate of) throws PgException {
        if (of.name() == null) {
            statements.clear();
        } else {
            statement(of.name());
            statements.remove(of.name());
        }
        out.begin('C').putString(of.name() == null ? "DEALLOCATE ALL" : "DEALLOCATE").end();
    }

    private void declare(ClientStatement.Declare of, Bound bound) throws Exception {
        if (status == 'I') {
            throw new PgException("25P01", "DECLARE CURSOR can only be used in transaction blocks");
        }
        if (portals.containsKey(of.name())) {
            throw new PgException(SqlState.DUPLICATE_CURSOR, "cursor \"" + of.name() + "\" already exists");
        }
        if (portals.size() >= MAX_PORTALS) {
            throw new PgException(SqlState.LIMIT, "a connection has at most " + MAX_PORTALS + " open results; close some");
        }
        Prepared query = new Prepared(of.query(), bound.prepared.sql(), List.of(), session.describe(bound.sql).columns());
        portals.put(of.name(), new Bound(query, bound.sql, new int[0]));
        out.begin('C').putString("DECLARE CURSOR").end();
    }

    private void fetch(ClientStatement.Fetch of) throws Exception {
        Bound cursor = cursor(of.name());
        if (!cursor.done && cursor.portal == null) {
            open(cursor);
        }
        long rows = cursor.done ? 0 : of.move() ? cursor.portal.skip(of.rows()) : cursor.portal.send(of.rows(), out);
        if (!cursor.done && !cursor.portal.isSuspended()) {
            cursor.done = true;
            forget(cursor);
        }
        out.begin('C').putString((of.move() ? "MOVE " : "FETCH ") + rows).end();
    }

    private void closeCursor(ClientStatement.CloseCursor of) throws PgException {
        if (of.name() == null) {
            closePortals();
        } else {
            cursor(of.name());
            closePortal(of.name());
        }
        out.begin('C').putString(of.name() == null ? "CLOSE CURSOR ALL" : "CLOSE CURSOR").end();
    }

    @Override
    public void close() {
        closePortals();
        session.close();
    }

    /** Settings as one text, for messages of tests. */
    @Override
    public String toString() {
        return portals.keySet().stream().collect(Collectors.joining(", ", "portals ", " status " + status));
    }

    void flush() throws IOException {
        out.flush();
    }
}
