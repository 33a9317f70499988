package io.qaexchange.job.server.pg;

import io.qaexchange.job.server.session.StatementShape;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.annotation.Nullable;

/** Types as clients know them, by the numbers that PostgreSQL gives them. */
enum PgType {
    BOOL(16, "bool", 1, "BOOLEAN", 1000),
    BYTEA(17, "bytea", -1, "BLOB", 1001),
    CHAR(18, "char", 1, "VARCHAR", 1002),
    NAME(19, "name", 64, "VARCHAR", 1003),
    INT8(20, "int8", 8, "BIGINT", 1016),
    INT2(21, "int2", 2, "SMALLINT", 1005),
    INT4(23, "int4", 4, "INTEGER", 1007),
    TEXT(25, "text", -1, "VARCHAR", 1009),
    OID(26, "oid", 4, "BIGINT", 1028),
    JSON(114, "json", -1, "VARCHAR", 199),
    FLOAT4(700, "float4", 4, "FLOAT", 1021),
    FLOAT8(701, "float8", 8, "DOUBLE", 1022),
    UNKNOWN(705, "unknown", -2, "VARCHAR", 0),
    BPCHAR(1042, "bpchar", -1, "VARCHAR", 1014),
    VARCHAR(1043, "varchar", -1, "VARCHAR", 1015),
    DATE(1082, "date", 4, "DATE", 1182),
    TIME(1083, "time", 8, "TIME", 1183),
    TIMESTAMP(1114, "timestamp", 8, "TIMESTAMP", 1115),
    TIMESTAMPTZ(1184, "timestamptz", 8, "TIMESTAMPTZ", 1185),
    INTERVAL(1186, "interval", 16, "INTERVAL", 1187),
    NUMERIC(1700, "numeric", -1, "DECIMAL(38, 9)", 1231),
    UUID(2950, "uuid", 16, "UUID", 2951),
    JSONB(3802, "jsonb", -1, "VARCHAR", 3807);

    private static final Map<Integer, PgType> BY_OID = new HashMap<>();
    private static final Map<Integer, PgType> BY_ARRAY_OID = new HashMap<>();
    private static final Pattern DECIMAL = Pattern.compile("DECIMAL\\((\\d+),\\s*(\\d+)\\)");
    /** Types by the names that DuckDB gives them. Enumerations and nested types are not among them: they are sent as text or JSON. */
    private static final Map<String, PgType> BY_DUCKDB = Map.ofEntries(
            Map.entry("BOOLEAN", BOOL), Map.entry("TINYINT", INT2), Map.entry("SMALLINT", INT2), Map.entry("UTINYINT", INT2),
            Map.entry("INTEGER", INT4), Map.entry("USMALLINT", INT4), Map.entry("BIGINT", INT8), Map.entry("UINTEGER", INT8),
            Map.entry("HUGEINT", NUMERIC), Map.entry("UHUGEINT", NUMERIC), Map.entry("UBIGINT", NUMERIC), Map.entry("BIGNUM", NUMERIC),
            Map.entry("FLOAT", FLOAT4), Map.entry("DOUBLE", FLOAT8), Map.entry("VARCHAR", TEXT), Map.entry("BLOB", BYTEA), Map.entry("DATE", DATE),
            Map.entry("TIME", TIME), Map.entry("TIMESTAMP", TIMESTAMP), Map.entry("TIMESTAMP_S", TIMESTAMP), Map.entry("TIMESTAMP_MS", TIMESTAMP),
            Map.entry("TIMESTAMP_NS", TIMESTAMP), Map.entry("TIMESTAMP WITH TIME ZONE", TIMESTAMPTZ), Map.entry("TIMESTAMPTZ_NS", TIMESTAMPTZ),
            Map.entry("INTERVAL", INTERVAL), Map.entry("UUID", UUID), Map.entry("JSON", JSON));

    static {
        for (PgType type : values()) {
            BY_OID.put(type.oid, type);
            if (type.arrayOid != 0) {
                BY_ARRAY_OID.put(type.arrayOid, type);
            }
        }
    }

    private final int oid;
    private final String pgName;
    private final int size;
    private final String duckDb;
    private final int arrayOid;

    PgType(int oid, String pgName, int size, String duckDb, int arrayOid) {
        this.oid = oid;
        this.pgName = pgName;
        this.size = size;
        this.duckDb = duckDb;
        this.arrayOid = arrayOid;
    }

    int oid() {
        return oid;
    }

    String pgName() {
        return pgName;
    }

    /** Bytes of a value; -1 if they differ. */
    int size() {
        return size;
    }

    /** The type in DuckDB that a parameter of this type is cast to. */
    String duckDb() {
        return duckDb;
    }

    int arrayOid() {
        return arrayOid;
    }

    boolean isText() {
        return duckDb.equals("VARCHAR");
    }

    @Nullable
    static PgType find(int oid) {
        return BY_OID.get(oid);
    }

    /**
     * A column or parameter.
     *
     * @param element its type, or that of its elements
     * @param array whether it is an array
     * @param modifier PostgreSQL's type modifier; -1 without one
     * @param duckDb its type in DuckDB
     */
    record Described(PgType element, boolean array, int modifier, String duckDb) {

        int oid() {
            return array ? element.arrayOid() : element.oid();
        }

        int size() {
            return array ? -1 : element.size();
        }

        /** An expression whose value Arrow carries exactly, around a column. */
        String cast(String column) {
            if (element == JSON && !duckDb.equals("JSON")) {
                return "CAST(to_json(" + column + ") AS VARCHAR)";
            }
            String target = switch (duckDb) {
                case "HUGEINT", "UHUGEINT" -> "DECIMAL(38, 0)";
                case "UBIGINT" -> "DECIMAL(20, 0)";
                case "BIGNUM", "UUID", "BIT", "JSON", "TIME WITH TIME ZONE", "\"NULL\"", "NULL" -> "VARCHAR";
                case "TIMESTAMP_S", "TIMESTAMP_MS" -> "TIMESTAMP";
                case "TINYINT", "UTINYINT" -> "SMALLINT";
                case "USMALLINT" -> "INTEGER";
                case "UINTEGER" -> "BIGINT";
                default -> array && element == TEXT ? "VARCHAR[]" : duckDb.startsWith("ENUM") || element == TEXT && !array ? "VARCHAR" : null;
            };
            return target == null || target.equals(duckDb) ? column : "CAST(" + column + " AS " + target + ")";
        }
    }

    /** How a column of DuckDB's is sent. */
    static Described ofDuckDb(String type) {
        if (type.endsWith("[]")) {
            PgType element = scalar(type.substring(0, type.length() - 2));
            return element != null && element != JSON && element != NUMERIC && element != INTERVAL && element != UUID && element != BYTEA
                    && !type.startsWith("U") && !type.startsWith("TINY") && !type.startsWith("TIME")
                    ? new Described(element, true, -1, type) : new Described(JSON, false, -1, type);
        }
        Matcher decimal = DECIMAL.matcher(type);
        if (decimal.matches()) {
            int modifier = (Integer.parseInt(decimal.group(1)) << 16 | Integer.parseInt(decimal.group(2))) + 4;
            return new Described(NUMERIC, false, modifier, type);
        }
        PgType scalar = scalar(type);
        if (scalar != null) {
            return new Described(scalar, false, -1, type);
        }
        boolean nested = type.endsWith("]") || type.startsWith("STRUCT") || type.startsWith("MAP") || type.startsWith("UNION");
        return new Described(nested ? JSON : TEXT, false, -1, type);
    }

    @Nullable
    private static PgType scalar(String type) {
        return BY_DUCKDB.get(type);
    }

    /** A parameter, by what the client says of it and what DuckDB finds out. */
    static Described ofParameter(int declared, String inferred) {
        PgType type = BY_OID.get(declared);
        if (type != null && type != UNKNOWN) {
            return new Described(type, false, -1, type.duckDb);
        }
        PgType element = BY_ARRAY_OID.get(declared);
        if (element != null) {
            return new Described(element, true, -1, element.duckDb + "[]");
        }
        if (inferred.equals(StatementShape.UNKNOWN)) {
            return new Described(TEXT, false, -1, "VARCHAR");
        }
        Described described = ofDuckDb(inferred);
        return described.element == JSON ? new Described(TEXT, false, -1, "VARCHAR") : described;
    }

    /** A type by its name in SQL; null if it is not one of these. */
    @Nullable
    static PgType named(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        for (PgType type : values()) {
            if (type.pgName.equals(lower)) {
                return type;
            }
        }
        return null;
    }
}
