package io.qaexchange.job.server.flight;

import java.nio.charset.StandardCharsets;
import java.sql.Types;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.flight.sql.FlightSqlProducer.Schemas;
import org.apache.arrow.flight.sql.SqlInfoBuilder;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.BitVector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;

/** Capabilities and types of the server, as drivers ask for them. Stateless but for the allocator; thread-safe. */
final class ServerFacts {

    private static final int MAX_NAME = 255;
    private static final int SEARCHABLE = 3;
    private static final int DECIMAL = 10;
    private static final int BINARY = 2;

    /** Numbers of what {@link #infos} answers: asked for another one, the library fails. */
    private static final Set<Integer> KNOWN = IntStream.of(0, 1, 2, 3, 4, 5, 8, 9, 10, 500, 501, 502, 503, 504, 505, 506, 507, 508, 509, 510, 511, 512, 513, 514, 515, 516, 518, 519,
            520, 521, 522, 523, 524, 525, 526, 527, 528, 529, 530, 531, 532, 536, 537, 538, 539, 540, 543, 552, 554, 559, 562, 563, 565, 566, 572, 573, 574, 575, 576).boxed()
            .collect(Collectors.toUnmodifiableSet());

    private final BufferAllocator allocator;

    /**
     * A type.
     *
     * @param jdbc its number in java.sql.Types
     * @param quote what its literals begin and end with
     */
    private record TypeInfo(String name, int jdbc, int size, String quote, int radix) {
    }

    /** By number, as the protocol wants them. */
    private static final List<TypeInfo> TYPES = List.of(new TypeInfo("TINYINT", Types.TINYINT, 3, null, DECIMAL), new TypeInfo("BIGINT", Types.BIGINT, 19, null, DECIMAL),
            new TypeInfo("BLOB", Types.VARBINARY, Integer.MAX_VALUE, "'", 0), new TypeInfo("DECIMAL", Types.DECIMAL, 38, null, DECIMAL),
            new TypeInfo("INTEGER", Types.INTEGER, 10, null, DECIMAL), new TypeInfo("SMALLINT", Types.SMALLINT, 5, null, DECIMAL),
            new TypeInfo("FLOAT", Types.REAL, 24, null, BINARY), new TypeInfo("DOUBLE", Types.DOUBLE, 53, null, BINARY),
            new TypeInfo("VARCHAR", Types.VARCHAR, Integer.MAX_VALUE, "'", 0), new TypeInfo("BOOLEAN", Types.BOOLEAN, 1, null, 0),
            new TypeInfo("DATE", Types.DATE, 10, "'", 0), new TypeInfo("TIME", Types.TIME, 15, "'", 0), new TypeInfo("TIMESTAMP", Types.TIMESTAMP, 26, "'", 0),
            new TypeInfo("TIMESTAMPTZ", Types.TIMESTAMP_WITH_TIMEZONE, 32, "'", 0));

    ServerFacts(BufferAllocator allocator) {
        this.allocator = allocator;
    }

    /** Sends the facts about the server that a client asks for; facts without an answer are left out. */
    void sendInfo(FlightSql.CommandGetSqlInfo command, ServerStreamListener listener) {
        List<Integer> asked = command.getInfoList().stream().filter(KNOWN::contains).toList();
        if (command.getInfoCount() > 0 && asked.isEmpty()) {
            try (VectorSchemaRoot none = VectorSchemaRoot.create(Schemas.GET_SQL_INFO_SCHEMA, allocator)) {
                listener.start(none);
                listener.completed();
            }
            return;
        }
        infos().send(asked, listener);
    }

    private static SqlInfoBuilder infos() {
        String version = ServerFacts.class.getPackage().getImplementationVersion();
        return new SqlInfoBuilder().withFlightSqlServerName("qaexchange").withFlightSqlServerVersion(version == null ? "0" : version)
                .withFlightSqlServerArrowVersion("18.3.0").withFlightSqlServerReadOnly(true).withFlightSqlServerSql(true).withFlightSqlServerSubstrait(false)
                .withFlightSqlServerTransaction(FlightSql.SqlSupportedTransaction.SQL_SUPPORTED_TRANSACTION_NONE).withFlightSqlServerCancel(true)
                .withFlightSqlServerBulkIngestion(false).withSqlDdlCatalog(false).withSqlDdlSchema(false).withSqlDdlTable(false)
                .withSqlIdentifierCase(FlightSql.SqlSupportedCaseSensitivity.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE).withSqlIdentifierQuoteChar("\"")
                .withSqlQuotedIdentifierCase(FlightSql.SqlSupportedCaseSensitivity.SQL_CASE_SENSITIVITY_CASE_INSENSITIVE).withSqlAllTablesAreSelectable(true)
                .withSqlNullOrdering(FlightSql.SqlNullOrdering.SQL_NULLS_SORTED_AT_END).withSqlKeywords(new String[] {"ASOF", "PIVOT", "QUALIFY", "SUMMARIZE"})
                .withSqlNumericFunctions(new String[] {"ABS", "CEIL", "EXP", "FLOOR", "LN", "LOG", "POWER", "ROUND", "SIGN", "SQRT"})
                .withSqlStringFunctions(new String[] {"CONCAT", "LENGTH", "LOWER", "REPLACE", "SUBSTRING", "TRIM", "UPPER"}).withSqlSystemFunctions(new String[] {})
                .withSqlDatetimeFunctions(new String[] {"DATE_PART", "DATE_TRUNC", "TIME_BUCKET"}).withSqlSearchStringEscape("\\").withSqlExtraNameCharacters("")
                .withSqlSupportsColumnAliasing(true).withSqlNullPlusNullIsNull(true).withSqlSupportsTableCorrelationNames(true)
                .withSqlSupportsDifferentTableCorrelationNames(false).withSqlSupportsExpressionsInOrderBy(true).withSqlSupportsOrderByUnrelated(true)
                .withSqlSupportedGroupBy(FlightSql.SqlSupportedGroupBy.SQL_GROUP_BY_UNRELATED).withSqlSupportsLikeEscapeClause(true)
                .withSqlSupportsNonNullableColumns(false).withSqlSupportedGrammar(FlightSql.SupportedSqlGrammar.SQL_EXTENDED_GRAMMAR)
                .withSqlAnsi92SupportedLevel(FlightSql.SupportedAnsi92SqlGrammarLevel.ANSI92_ENTRY_SQL).withSqlSupportsIntegrityEnhancementFacility(false)
                .withSqlOuterJoinSupportLevel(FlightSql.SqlOuterJoinsSupportLevel.SQL_FULL_OUTER_JOINS).withSqlSchemaTerm("schema").withSqlProcedureTerm("procedure")
                .withSqlCatalogTerm("catalog").withSqlCatalogAtStart(true).withSqlSelectForUpdateSupported(false).withSqlStoredProceduresSupported(false)
                .withSqlSubQueriesSupported(FlightSql.SqlSupportedSubqueries.SQL_SUBQUERIES_IN_COMPARISONS, FlightSql.SqlSupportedSubqueries.SQL_SUBQUERIES_IN_EXISTS,
                        FlightSql.SqlSupportedSubqueries.SQL_SUBQUERIES_IN_INS).withSqlCorrelatedSubqueriesSupported(true)
                .withSqlSupportedUnions(FlightSql.SqlSupportedUnions.SQL_UNION, FlightSql.SqlSupportedUnions.SQL_UNION_ALL)
                .withSqlMaxColumnNameLength(MAX_NAME).withSqlMaxTableNameLength(MAX_NAME).withSqlDbSchemaNameLength(MAX_NAME).withSqlMaxCatalogNameLength(MAX_NAME)
                .withSqlDefaultTransactionIsolation(FlightSql.SqlTransactionIsolationLevel.SQL_TRANSACTION_NONE_VALUE).withSqlTransactionsSupported(false)
                .withSqlDataDefinitionCausesTransactionCommit(false).withSqlDataDefinitionsInTransactionsIgnored(false).withSqlBatchUpdatesSupported(false)
                .withSqlSavepointsSupported(false).withSqlNamedParametersSupported(false).withSqlLocatorsUpdateCopy(false)
                .withSqlStoredFunctionsUsingCallSyntaxSupported(false);
    }

    /** The types that columns have, of one number or of all. */
    void sendTypes(FlightSql.CommandGetXdbcTypeInfo command, ServerStreamListener listener) {
        List<TypeInfo> types = TYPES.stream().filter(type -> !command.hasDataType() || type.jdbc() == command.getDataType()).toList();
        try (VectorSchemaRoot root = VectorSchemaRoot.create(Schemas.GET_TYPE_INFO_SCHEMA, allocator)) {
            root.allocateNew();
            for (int row = 0; row < types.size(); row++) {
                TypeInfo type = types.get(row);
                text(root, "type_name", row, type.name());
                number(root, "data_type", row, type.jdbc());
                number(root, "column_size", row, type.size());
                if (type.quote() != null) {
                    text(root, "literal_prefix", row, type.quote());
                    text(root, "literal_suffix", row, type.quote());
                }
                number(root, "nullable", row, FlightSql.Nullable.NULLABILITY_NULLABLE_VALUE);
                bit(root, "case_sensitive", row, type.jdbc() == Types.VARCHAR);
                number(root, "searchable", row, SEARCHABLE);
                bit(root, "unsigned_attribute", row, false);
                bit(root, "fixed_prec_scale", row, false);
                bit(root, "auto_increment", row, false);
                text(root, "local_type_name", row, type.name());
                number(root, "sql_data_type", row, type.jdbc());
                if (type.radix() != 0) {
                    number(root, "num_prec_radix", row, type.radix());
                }
            }
            root.setRowCount(types.size());
            listener.start(root);
            listener.putNext();
            listener.completed();
        }
    }

    private static void text(VectorSchemaRoot root, String column, int row, String value) {
        ((VarCharVector) root.getVector(column)).setSafe(row, value.getBytes(StandardCharsets.UTF_8));
    }

    private static void number(VectorSchemaRoot root, String column, int row, int value) {
        ((IntVector) root.getVector(column)).setSafe(row, value);
    }

    private static void bit(VectorSchemaRoot root, String column, int row, boolean value) {
        ((BitVector) root.getVector(column)).setSafe(row, value ? 1 : 0);
    }
}
