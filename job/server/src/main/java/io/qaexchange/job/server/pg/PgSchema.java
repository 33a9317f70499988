package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.session.Column;
import io.qaexchange.job.server.session.SessionSchema;
import io.qaexchange.job.server.session.SqlTokens;
import io.qaexchange.job.server.session.TableColumn;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The database that clients of PostgreSQL see: our tables in schema {@code public}, with times to the microsecond and nanoseconds as numbers beside them;
 * the catalogue in {@value #CATALOGUE} and {@value #INFORMATION}, since DuckDB keeps the names pg_catalog and information_schema to itself; and
 * functions that DuckDB lacks.
 *
 * <p>Thread-safe once {@link #addCatalogue} was called.
 */
public final class PgSchema implements SessionSchema {

    static final String DATABASE = "qaexchange";
    static final String CATALOGUE = "pgc";
    static final String INFORMATION = "isc";
    static final long PUBLIC_OID = 2200;
    static final long CATALOGUE_OID = 11;

    private static final long INFORMATION_OID = 13_000;
    private static final long FIRST_TABLE_OID = 16_384;
    private static final long FIRST_CATALOGUE_OID = 1_300;
    private static final String NANOS = "TIMESTAMPTZ_NS";
    private static final String MICROS_COLUMN = "_us";
    private static final String NANOS_COLUMN = "_ns";
    private static final Pattern MACRO = Pattern.compile("CREATE MACRO pgc\\.(\\w+)\\(.*");
    private static final Pattern OF_CATALOGUE = Pattern.compile("\\bpgc\\.(?!\\w+\\(.*\\) AS)");

    private final Map<String, String> views = new LinkedHashMap<>();
    private final Map<String, String> macros = new HashMap<>();
    private final Set<String> catalogueTables = new HashSet<>();
    private final Map<String, Long> oids = new HashMap<>();

    /** The rewriting that belongs to this. */
    CatalogueSql rewriting() {
        return new CatalogueSql(catalogueTables, oids);
    }

    @Override
    public void enter(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("SET search_path = 'public," + CATALOGUE + ",main'");
        }
    }

    @Override
    public boolean isSchema(String name) {
        return name.equals("public");
    }

    /** As {@link #view} shows them. */
    @Override
    public List<TableColumn> columns(Map<String, String> own) {
        List<TableColumn> columns = new ArrayList<>();
        List<TableColumn> nanos = new ArrayList<>();
        own.forEach((name, type) -> {
            if (type.equals(NANOS)) {
                columns.add(new TableColumn(new Column(name, "TIMESTAMP WITH TIME ZONE"), own.containsKey(name + MICROS_COLUMN) ? name + MICROS_COLUMN : name));
                nanos.add(new TableColumn(new Column(name + NANOS_COLUMN, "BIGINT"), name));
            } else {
                columns.add(TableColumn.of(name, type));
            }
        });
        columns.addAll(nanos);
        return columns;
    }

    @Override
    public void addTo(Connection connection, String sql, Iterable<String> tables) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE SCHEMA IF NOT EXISTS public");
            statement.execute("CREATE SCHEMA IF NOT EXISTS " + CATALOGUE);
            for (String table : tables) {
                statement.execute(views.get(table));
            }
            Set<String> called = SqlTokens.of(sql).stream().map(SqlTokens.Token::name).filter(macros::containsKey).collect(Collectors.toSet());
            for (String name : called) {
                // A macro that looks into the catalogue is of no use where the catalogue is not.
                String macro = macros.get(name);
                if (!OF_CATALOGUE.matcher(macro.substring(macro.indexOf(" AS "))).find()) {
                    statement.execute(macro);
                }
            }
        }
    }

    @Override
    public void addCatalogue(Connection connection, List<String> tables) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            // One transaction: a commit for each of some hundred objects takes seconds.
            statement.execute("BEGIN");
            for (String schema : List.of("public", CATALOGUE, INFORMATION)) {
                statement.execute("CREATE SCHEMA " + schema);
            }
            for (String table : tables) {
                views.put(table, view(connection, table));
                statement.execute(views.get(table));
            }
            addEmptyTables(statement);
            addObjects(statement, tables);
            String functions = resource("macros.sql");
            for (String line : functions.split("\n")) {
                Matcher macro = MACRO.matcher(line);
                if (macro.matches()) {
                    macros.put(macro.group(1), line);
                }
            }
            statement.execute(functions);
            statement.execute("COMMIT");
        }
    }

    private static String view(Connection connection, String table) throws SQLException {
        Set<String> all = new HashSet<>();
        List<String> nanos = new ArrayList<>();
        try (PreparedStatement statement = connection.prepareStatement(
                "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = ? AND schema_name = 'main' ORDER BY column_index")) {
            statement.setString(1, table);
            try (ResultSet columns = statement.executeQuery()) {
                while (columns.next()) {
                    all.add(columns.getString(1));
                    if (columns.getString(2).equals(NANOS)) {
                        nanos.add(columns.getString(1));
                    }
                }
            }
        }
        if (nanos.isEmpty()) {
            return "CREATE OR REPLACE VIEW public." + table + " AS SELECT * FROM main." + table;
        }
        String replaced = nanos.stream().map(column -> (all.contains(column + MICROS_COLUMN) ? column + MICROS_COLUMN : "make_timestamptz(epoch_ns(" + column + ") // 1000)")
                + " AS " + column).collect(Collectors.joining(", "));
        String added = nanos.stream().map(column -> "epoch_ns(" + column + ") AS " + column + NANOS_COLUMN).collect(Collectors.joining(", "));
        return "CREATE OR REPLACE VIEW public." + table + " AS SELECT * REPLACE (" + replaced + "), " + added + " FROM main." + table;
    }

    private void addEmptyTables(Statement statement) throws SQLException {
        StringBuilder all = new StringBuilder();
        for (String line : resource("catalogue.txt").split("\n")) {
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String[] parts = line.strip().split(" +");
            StringBuilder columns = new StringBuilder();
            for (int i = 1; i < parts.length; i++) {
                String[] column = parts[i].split(":");
                columns.append(i == 1 ? "" : ", ").append(column[0]).append(' ').append(switch (column[1]) {
                    case "o" -> "BIGINT";
                    case "i" -> "INTEGER";
                    case "s" -> "SMALLINT";
                    case "b" -> "BOOLEAN";
                    case "f" -> "FLOAT";
                    case "a" -> "VARCHAR[]";
                    case "n" -> "BIGINT[]";
                    default -> "VARCHAR";
                });
            }
            boolean standard = parts[0].startsWith("information_schema.");
            String name = standard ? parts[0].substring("information_schema.".length()) : parts[0];
            all.append("CREATE TABLE ").append(standard ? INFORMATION : CATALOGUE).append('.').append(name).append('(').append(columns).append(");\n");
            if (!standard) {
                catalogueTables.add(name);
            }
        }
        statement.execute(all.toString());
    }

    private void addObjects(Statement statement, List<String> tables) throws SQLException {
        long oid = FIRST_TABLE_OID;
        for (String table : tables) {
            oids.put(table, oid++);
        }
        catalogueTables.addAll(List.of("pg_class", "pg_namespace", "pg_attribute", "pg_type", "pg_database", "pg_roles", "pg_authid", "pg_user", "pg_shadow",
                "pg_group", "pg_am", "pg_tablespace", "pg_settings", "pg_tables"));
        long of = FIRST_CATALOGUE_OID;
        for (String table : catalogueTables.stream().sorted().toList()) {
            oids.putIfAbsent(table, of++);
        }
        addTypes(statement);
        statement.execute("CREATE TABLE pgc.pg_namespace AS SELECT * FROM (VALUES (" + PUBLIC_OID + "::BIGINT, 'public', 10::BIGINT, NULL::VARCHAR[]), ("
                + CATALOGUE_OID + ", 'pg_catalog', 10, NULL), (" + INFORMATION_OID + ", 'information_schema', 10, NULL)) t(oid, nspname, nspowner, nspacl)");
        addRelations(statement, tables);
        addServerObjects(statement);
        addInformationSchema(statement);
    }

    private static void addTypes(Statement statement) throws SQLException {
        statement.execute("CREATE TABLE pgc.sql_types(oid BIGINT, typname VARCHAR, sql_name VARCHAR, len SMALLINT, category VARCHAR, elem BIGINT, arr BIGINT)");
        List<String> rows = new ArrayList<>();
        for (PgType type : PgType.values()) {
            String sqlName = switch (type) {
                case BOOL -> "boolean";
                case INT2 -> "smallint";
                case INT4 -> "integer";
                case INT8 -> "bigint";
                case FLOAT4 -> "real";
                case FLOAT8 -> "double precision";
                case TIMESTAMP -> "timestamp without time zone";
                case TIMESTAMPTZ -> "timestamp with time zone";
                case TIME -> "time without time zone";
                case VARCHAR -> "character varying";
                case BPCHAR -> "character";
                case CHAR -> "\"char\"";
                default -> type.pgName();
            };
            String category = switch (type) {
                case BOOL -> "B";
                case INT2, INT4, INT8, FLOAT4, FLOAT8, NUMERIC, OID -> "N";
                case DATE, TIME, TIMESTAMP, TIMESTAMPTZ -> "D";
                case INTERVAL -> "T";
                case BYTEA, UUID, JSON, JSONB -> "U";
                case UNKNOWN -> "X";
                default -> "S";
            };
            rows.add("(" + type.oid() + ", '" + type.pgName() + "', '" + sqlName + "', " + type.size() + ", '" + category + "', 0, " + type.arrayOid() + ")");
            if (type.arrayOid() != 0) {
                rows.add("(" + type.arrayOid() + ", '_" + type.pgName() + "', '" + sqlName + "[]', -1, 'A', " + type.oid() + ", 0)");
            }
        }
        statement.execute("INSERT INTO pgc.sql_types VALUES " + String.join(", ", rows));
        statement.execute("CREATE TABLE pgc.pg_type AS SELECT oid, typname, " + CATALOGUE_OID + "::BIGINT AS typnamespace, 10::BIGINT AS typowner, len AS typlen, "
                + "len BETWEEN 1 AND 8 AS typbyval, CASE typname WHEN 'unknown' THEN 'p' ELSE 'b' END AS typtype, category AS typcategory, "
                + "typname IN ('bool', 'text', 'float8', 'timestamptz') AS typispreferred, true AS typisdefined, ',' AS typdelim, 0::BIGINT AS typrelid, "
                + "CASE WHEN elem = 0 THEN '-' ELSE 'array_subscript_handler' END AS typsubscript, elem AS typelem, arr AS typarray, "
                + "CASE WHEN elem = 0 THEN typname || 'in' ELSE 'array_in' END AS typinput, CASE WHEN elem = 0 THEN typname || 'out' ELSE 'array_out' END AS typoutput, "
                + "CASE WHEN elem = 0 THEN typname || 'recv' ELSE 'array_recv' END AS typreceive, CASE WHEN elem = 0 THEN typname || 'send' ELSE 'array_send' END AS typsend, "
                + "'-' AS typmodin, '-' AS typmodout, '-' AS typanalyze, 'i' AS typalign, 'p' AS typstorage, false AS typnotnull, 0::BIGINT AS typbasetype, "
                + "-1 AS typtypmod, 0 AS typndims, 0::BIGINT AS typcollation, NULL::VARCHAR AS typdefaultbin, NULL::VARCHAR AS typdefault, NULL::VARCHAR[] AS typacl "
                + "FROM pgc.sql_types");
    }

    private void addRelations(Statement statement, List<String> tables) throws SQLException {
        statement.execute("CREATE TABLE pgc.relations(oid BIGINT, name VARCHAR, schema BIGINT)");
        statement.execute("INSERT INTO pgc.relations VALUES " + oids.entrySet().stream().map(relation -> "(" + relation.getValue() + ", '" + relation.getKey() + "', "
                + (tables.contains(relation.getKey()) ? PUBLIC_OID : CATALOGUE_OID) + ")").collect(Collectors.joining(", ")));
        statement.execute("CREATE TABLE pgc.columns(relation BIGINT, name VARCHAR, number SMALLINT, type BIGINT, modifier INTEGER, len SMALLINT)");
        List<String> rows = new ArrayList<>();
        try (ResultSet columns = statement.executeQuery("SELECT table_name, column_name, data_type, row_number() OVER (PARTITION BY table_name ORDER BY column_index) "
                + "FROM duckdb_columns() WHERE schema_name = 'public'")) {
            while (columns.next()) {
                PgType.Described type = PgType.ofDuckDb(columns.getString(3));
                rows.add("(" + oids.get(columns.getString(1)) + ", " + ParameterDecoder.quote(columns.getString(2)) + ", " + columns.getInt(4) + ", " + type.oid() + ", "
                        + type.modifier() + ", " + type.size() + ")");
            }
        }
        statement.execute("INSERT INTO pgc.columns VALUES " + String.join(", ", rows));
        statement.execute("CREATE TABLE pgc.pg_class AS SELECT oid, name AS relname, schema AS relnamespace, 0::BIGINT AS reltype, 0::BIGINT AS reloftype, "
                + "10::BIGINT AS relowner, 2::BIGINT AS relam, oid AS relfilenode, 0::BIGINT AS reltablespace, 0 AS relpages, (-1)::FLOAT AS reltuples, 0 AS relallvisible, "
                + "0::BIGINT AS reltoastrelid, false AS relhasindex, false AS relisshared, 'p' AS relpersistence, 'r' AS relkind, "
                + "(SELECT count(*) FROM pgc.columns c WHERE c.relation = r.oid)::SMALLINT AS relnatts, 0::SMALLINT AS relchecks, false AS relhasoids, false AS relhasrules, "
                + "false AS relhastriggers, false AS relhassubclass, false AS relrowsecurity, false AS relforcerowsecurity, true AS relispopulated, 'n' AS relreplident, "
                + "false AS relispartition, 0::BIGINT AS relrewrite, 0::BIGINT AS relfrozenxid, 0::BIGINT AS relminmxid, NULL::VARCHAR[] AS relacl, "
                + "NULL::VARCHAR[] AS reloptions, NULL::VARCHAR AS relpartbound FROM pgc.relations r");
        statement.execute("CREATE TABLE pgc.pg_attribute AS SELECT relation AS attrelid, name AS attname, type AS atttypid, -1 AS attstattarget, len AS attlen, "
                + "number AS attnum, 0 AS attndims, -1 AS attcacheoff, modifier AS atttypmod, len BETWEEN 1 AND 8 AS attbyval, 'p' AS attstorage, 'i' AS attalign, "
                + "'' AS attcompression, false AS attnotnull, false AS atthasdef, false AS atthasmissing, '' AS attidentity, '' AS attgenerated, false AS attisdropped, "
                + "true AS attislocal, 0 AS attinhcount, 0::BIGINT AS attcollation, NULL::VARCHAR[] AS attacl, NULL::VARCHAR[] AS attoptions, "
                + "NULL::VARCHAR[] AS attfdwoptions, NULL::VARCHAR AS attmissingval FROM pgc.columns");
        statement.execute("CREATE TABLE pgc.pg_tables AS SELECT 'public' AS schemaname, name AS tablename, 'qaexchange' AS tableowner, NULL::VARCHAR AS tablespace, "
                + "false AS hasindexes, false AS hasrules, false AS hastriggers, false AS rowsecurity FROM pgc.relations WHERE schema = " + PUBLIC_OID);
    }

    private static void addServerObjects(Statement statement) throws SQLException {
        statement.execute("CREATE TABLE pgc.pg_database AS SELECT 16383::BIGINT AS oid, '" + DATABASE + "' AS datname, 10::BIGINT AS datdba, 6 AS encoding, "
                + "'c' AS datlocprovider, false AS datistemplate, true AS datallowconn, -1 AS datconnlimit, 0::BIGINT AS datfrozenxid, 0::BIGINT AS datminmxid, "
                + "1663::BIGINT AS dattablespace, 'C' AS datcollate, 'C' AS datctype, NULL::VARCHAR AS daticulocale, NULL::VARCHAR AS datcollversion, NULL::VARCHAR[] AS datacl");
        statement.execute("CREATE TABLE pgc.pg_roles AS SELECT 10::BIGINT AS oid, '" + DATABASE + "' AS rolname, false AS rolsuper, true AS rolinherit, "
                + "false AS rolcreaterole, false AS rolcreatedb, true AS rolcanlogin, false AS rolreplication, -1 AS rolconnlimit, '********' AS rolpassword, "
                + "NULL::TIMESTAMPTZ AS rolvaliduntil, false AS rolbypassrls, NULL::VARCHAR[] AS rolconfig");
        statement.execute("CREATE VIEW pgc.pg_authid AS SELECT * FROM pgc.pg_roles");
        statement.execute("CREATE TABLE pgc.pg_user AS SELECT '" + DATABASE + "' AS usename, 10::BIGINT AS usesysid, false AS usecreatedb, false AS usesuper, "
                + "false AS userepl, false AS usebypassrls, '********' AS passwd, NULL::TIMESTAMPTZ AS valuntil, NULL::VARCHAR[] AS useconfig");
        statement.execute("CREATE VIEW pgc.pg_shadow AS SELECT * FROM pgc.pg_user");
        statement.execute("CREATE TABLE pgc.pg_group(groname VARCHAR, grosysid BIGINT, grolist BIGINT[])");
        statement.execute("CREATE TABLE pgc.pg_am AS SELECT 2::BIGINT AS oid, 'heap' AS amname, 'heap_tableam_handler' AS amhandler, 't' AS amtype");
        statement.execute("CREATE TABLE pgc.pg_tablespace AS SELECT 1663::BIGINT AS oid, 'pg_default' AS spcname, 10::BIGINT AS spcowner, NULL::VARCHAR[] AS spcacl, "
                + "NULL::VARCHAR[] AS spcoptions");
        statement.execute("CREATE TABLE pgc.pg_settings(name VARCHAR, setting VARCHAR, unit VARCHAR, category VARCHAR, short_desc VARCHAR, context VARCHAR, "
                + "vartype VARCHAR, source VARCHAR, min_val VARCHAR, max_val VARCHAR, boot_val VARCHAR, reset_val VARCHAR)");
        statement.execute("INSERT INTO pgc.pg_settings(name, setting, category, context, vartype, source, boot_val, reset_val) SELECT lower(n), v, '', 'user', "
                + "'string', 'default', v, v FROM (VALUES " + PgSettings.DEFAULTS.entrySet().stream().map(setting -> "(" + ParameterDecoder.quote(setting.getKey())
                + ", " + ParameterDecoder.quote(setting.getValue()) + ")").collect(Collectors.joining(", ")) + ") t(n, v)");
    }

    private static void addInformationSchema(Statement statement) throws SQLException {
        String database = "'" + DATABASE + "'";
        statement.execute("CREATE VIEW isc.schemata AS SELECT " + database + " AS catalog_name, nspname AS schema_name, " + database + " AS schema_owner, "
                + "NULL::VARCHAR AS default_character_set_catalog, NULL::VARCHAR AS default_character_set_schema, NULL::VARCHAR AS default_character_set_name, "
                + "NULL::VARCHAR AS sql_path FROM pgc.pg_namespace");
        statement.execute("CREATE VIEW isc.tables AS SELECT " + database + " AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, "
                + "'BASE TABLE' AS table_type, NULL::VARCHAR AS self_referencing_column_name, NULL::VARCHAR AS reference_generation, 'NO' AS is_insertable_into, "
                + "'NO' AS is_typed, NULL::VARCHAR AS commit_action FROM pgc.pg_class c JOIN pgc.pg_namespace n ON n.oid = c.relnamespace");
        statement.execute("CREATE VIEW isc.columns AS SELECT " + database + " AS table_catalog, n.nspname AS table_schema, c.relname AS table_name, "
                + "a.attname AS column_name, a.attnum::INTEGER AS ordinal_position, NULL::VARCHAR AS column_default, 'YES' AS is_nullable, "
                + "CASE WHEN t.elem = 0 THEN t.sql_name ELSE 'ARRAY' END AS data_type, NULL::INTEGER AS character_maximum_length, NULL::INTEGER AS character_octet_length, "
                + "CASE t.typname WHEN 'int2' THEN 16 WHEN 'int4' THEN 32 WHEN 'int8' THEN 64 WHEN 'float4' THEN 24 WHEN 'float8' THEN 53 "
                + "WHEN 'numeric' THEN (a.atttypmod - 4) // 65536 END::INTEGER AS numeric_precision, "
                + "CASE WHEN t.typname LIKE 'int_' THEN 2 WHEN t.typname LIKE 'float_' THEN 2 WHEN t.typname = 'numeric' THEN 10 END AS numeric_precision_radix, "
                + "CASE WHEN t.typname LIKE 'int_' THEN 0 WHEN t.typname = 'numeric' THEN (a.atttypmod - 4) % 65536 END::INTEGER AS numeric_scale, "
                + "CASE WHEN t.category = 'D' THEN CASE t.typname WHEN 'date' THEN 0 ELSE 6 END END AS datetime_precision, "
                + "NULL::VARCHAR AS interval_type, NULL::VARCHAR AS character_set_name, NULL::VARCHAR AS collation_name, NULL::VARCHAR AS domain_name, "
                + database + " AS udt_catalog, 'pg_catalog' AS udt_schema, t.typname AS udt_name, 'NO' AS is_identity, NULL::VARCHAR AS identity_generation, "
                + "'NEVER' AS is_generated, NULL::VARCHAR AS generation_expression, 'NO' AS is_updatable FROM pgc.pg_attribute a "
                + "JOIN pgc.pg_class c ON c.oid = a.attrelid JOIN pgc.pg_namespace n ON n.oid = c.relnamespace JOIN pgc.sql_types t ON t.oid = a.atttypid");
        statement.execute("CREATE VIEW isc.table_privileges AS SELECT " + database + " AS grantor, 'PUBLIC' AS grantee, table_catalog, table_schema, table_name, "
                + "'SELECT' AS privilege_type, 'NO' AS is_grantable, 'YES' AS with_hierarchy FROM isc.tables");
        statement.execute("CREATE VIEW isc.role_table_grants AS SELECT * FROM isc.table_privileges");
    }

    static String resource(String name) {
        try (InputStream in = PgSchema.class.getResourceAsStream(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("resource " + name + " cannot be read", e);
        }
    }
}
