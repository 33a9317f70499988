package io.qaexchange.job.server.flight;

import io.qaexchange.job.server.session.Column;
import io.qaexchange.job.server.session.SqlSession;
import io.qaexchange.job.server.session.SqlSessions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.arrow.flight.FlightProducer.ServerStreamListener;
import org.apache.arrow.flight.sql.FlightSqlColumnMetadata;
import org.apache.arrow.flight.sql.FlightSqlProducer.Schemas;
import org.apache.arrow.flight.sql.impl.FlightSql;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.FieldVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * The catalogue of the server: one catalogue, one schema, the tables with their columns. It does not change while the server runs.
 *
 * <p>Thread-safe.
 */
final class Catalogue {

    static final String TABLE = "TABLE";

    private final BufferAllocator allocator;
    private final Map<String, Schema> tables;

    private Catalogue(BufferAllocator allocator, Map<String, Schema> tables) {
        this.allocator = allocator;
        this.tables = tables;
    }

    /** Looks at all tables. */
    static Catalogue of(SqlSessions sessions, BufferAllocator allocator) throws Exception {
        Map<String, Schema> tables = new LinkedHashMap<>();
        try (SqlSession session = sessions.open("catalogue")) {
            for (String table : sessions.tables().stream().sorted().toList()) {
                List<Field> fields = new ArrayList<>();
                for (Column column : session.describe("SELECT * FROM " + '"' + table + '"').columns()) {
                    Field field = session.field(column);
                    FlightSqlColumnMetadata metadata = new FlightSqlColumnMetadata.Builder().catalogName(ClientSql.CATALOGUE).schemaName(ClientSql.SCHEMA).tableName(table)
                            .typeName(column.type()).isReadOnly(true).isSearchable(true).isCaseSensitive(true).isAutoIncrement(false).build();
                    fields.add(new Field(field.getName(), new FieldType(true, field.getType(), null, metadata.getMetadataMap()), field.getChildren()));
                }
                tables.put(table, new Schema(fields));
            }
        }
        return new Catalogue(allocator, tables);
    }

    void sendCatalogues(ServerStreamListener listener) {
        send(Schemas.GET_CATALOGS_SCHEMA, listener, List.<Object[]>of(new Object[] {ClientSql.CATALOGUE}));
    }

    void sendSchemas(FlightSql.CommandGetDbSchemas command, ServerStreamListener listener) {
        boolean asked = isCatalogue(command.hasCatalog(), command.getCatalog()) && matches(command.hasDbSchemaFilterPattern(), command.getDbSchemaFilterPattern(), ClientSql.SCHEMA);
        send(Schemas.GET_SCHEMAS_SCHEMA, listener, asked ? List.<Object[]>of(new Object[] {ClientSql.CATALOGUE, ClientSql.SCHEMA}) : List.of());
    }

    void sendTableTypes(ServerStreamListener listener) {
        send(Schemas.GET_TABLE_TYPES_SCHEMA, listener, List.<Object[]>of(new Object[] {TABLE}));
    }

    void sendTables(FlightSql.CommandGetTables command, ServerStreamListener listener) throws IOException {
        boolean asked = isCatalogue(command.hasCatalog(), command.getCatalog()) && matches(command.hasDbSchemaFilterPattern(), command.getDbSchemaFilterPattern(), ClientSql.SCHEMA)
                && (command.getTableTypesCount() == 0 || command.getTableTypesList().contains(TABLE));
        List<Object[]> rows = new ArrayList<>();
        for (Map.Entry<String, Schema> table : tables.entrySet()) {
            if (asked && matches(command.hasTableNameFilterPattern(), command.getTableNameFilterPattern(), table.getKey())) {
                rows.add(command.getIncludeSchema() ? new Object[] {ClientSql.CATALOGUE, ClientSql.SCHEMA, table.getKey(), TABLE, bytes(table.getValue())}
                        : new Object[] {ClientSql.CATALOGUE, ClientSql.SCHEMA, table.getKey(), TABLE});
            }
        }
        send(command.getIncludeSchema() ? Schemas.GET_TABLES_SCHEMA : Schemas.GET_TABLES_SCHEMA_NO_SCHEMA, listener, rows);
    }

    /** Keys are asked for by tools that draw diagrams; there are none. */
    void sendNone(Schema schema, ServerStreamListener listener) {
        send(schema, listener, List.of());
    }

    /** A schema as the protocol has it: an encapsulated message. */
    static byte[] bytes(Schema schema) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        MessageSerializer.serialize(new WriteChannel(Channels.newChannel(bytes)), schema);
        return bytes.toByteArray();
    }

    private static boolean isCatalogue(boolean given, String name) {
        return !given || name.equals(ClientSql.CATALOGUE);
    }

    /** A pattern of LIKE, with a backslash before a sign that stands for itself. */
    static boolean matches(boolean given, String pattern, String name) {
        if (!given) {
            return true;
        }
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c == '\\' && i + 1 < pattern.length()) {
                regex.append(Pattern.quote(pattern.substring(++i, i + 1)));
            } else {
                regex.append(c == '%' ? ".*" : c == '_' ? "." : Pattern.quote(String.valueOf(c)));
            }
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL).matcher(name).matches();
    }

    /** Sends rows of texts and bytes. */
    private void send(Schema schema, ServerStreamListener listener, List<Object[]> rows) {
        try (VectorSchemaRoot root = VectorSchemaRoot.create(schema, allocator)) {
            root.allocateNew();
            for (int row = 0; row < rows.size(); row++) {
                for (int c = 0; c < rows.get(row).length; c++) {
                    FieldVector vector = root.getVector(c);
                    if (rows.get(row)[c] instanceof byte[] bytes) {
                        ((VarBinaryVector) vector).setSafe(row, bytes);
                    } else {
                        ((VarCharVector) vector).setSafe(row, ((String) rows.get(row)[c]).getBytes(StandardCharsets.UTF_8));
                    }
                }
            }
            root.setRowCount(rows.size());
            listener.start(root);
            listener.putNext();
            listener.completed();
        }
    }
}
