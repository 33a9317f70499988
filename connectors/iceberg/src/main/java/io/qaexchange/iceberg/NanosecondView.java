package io.qaexchange.iceberg;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.parquet.column.ParquetTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.apache.iceberg.TableProperties;

/**
 * How a table's metadata shows the columns of nanoseconds that its files have. No type fits in all engines, so a catalogue offers each as a namespace of
 * its own: the same snapshots and the same files, with other metadata, made when it is asked for. Nothing is written twice, and files of any age have
 * the columns.
 *
 * <p>The columns are known by name: a table with {@code event_time_us} has {@code event_time}, one with {@code kafka_offset} has {@code ingest_time}.
 * Their ids are fixed, and above any that a table reaches, so every version and every snapshot has the same.
 *
 * <p>Immutable.
 */
public enum NanosecondView {

    /** Without them: the metadata as it is. */
    NONE("archive", 2),
    /** As a {@code long}, {@code event_time_ns}: for Spark, which refuses a whole table that has {@code timestamp_ns}. */
    LONG("archive_long", 2),
    /** As {@code event_time} of type {@code timestamptz_ns}, which version 3 of the format has: for Flink, Iceberg's own readers and others that know it. */
    TIMESTAMP("archive_ns", 3);

    private static final int FIRST_ID = 100_001;
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String namespace;
    private final int formatVersion;

    NanosecondView(String namespace, int formatVersion) {
        this.namespace = namespace;
        this.formatVersion = formatVersion;
    }

    /** Its name in a catalogue. */
    public String namespace() {
        return namespace;
    }

    /** Table metadata with the columns of this view. */
    public String of(String metadata) throws IOException {
        if (this == NONE) {
            return metadata;
        }
        try {
            ObjectNode table = (ObjectNode) JSON.readTree(metadata);
            for (JsonNode schema : table.withArray("schemas")) {
                addColumns((ArrayNode) schema.path("fields"));
            }
            table.put("last-column-id", FIRST_ID + 1);
            table.put("table-uuid", UUID.nameUUIDFromBytes((table.path("table-uuid").asText() + namespace).getBytes(StandardCharsets.UTF_8)).toString());
            if (formatVersion > table.path("format-version").asInt()) {
                table.put("format-version", formatVersion);
                table.put("next-row-id", 0);
            }
            addNames(table);
            return JSON.writeValueAsString(table);
        } catch (JsonProcessingException | ClassCastException e) {
            throw new IOException("table metadata cannot be shown in namespace " + namespace + ": " + e.getMessage(), e);
        }
    }

    private static List<String> columnsOf(ArrayNode fields) {
        List<String> columns = new ArrayList<>();
        for (JsonNode field : fields) {
            switch (field.path("name").asText()) {
                case ParquetTable.EVENT_TIME_US -> columns.add(ParquetTable.EVENT_TIME);
                case ParquetTable.KAFKA_OFFSET -> columns.add(ParquetTable.INGEST_TIME);
                default -> { }
            }
        }
        return columns;
    }

    private static int idOf(String column) {
        return column.equals(ParquetTable.EVENT_TIME) ? FIRST_ID : FIRST_ID + 1;
    }

    private void addColumns(ArrayNode fields) {
        for (String column : columnsOf(fields)) {
            ObjectNode field = fields.addObject();
            field.put("id", idOf(column)).put("name", nameOf(column)).put("required", false).put("type", this == LONG ? "long" : "timestamptz_ns");
        }
    }

    private String nameOf(String column) {
        return this == LONG ? column + "_ns" : column;
    }

    /** Leads from the files' names to the added columns. */
    private void addNames(ObjectNode table) throws JsonProcessingException {
        ObjectNode properties = (ObjectNode) table.path("properties");
        ArrayNode mapping = (ArrayNode) JSON.readTree(properties.path(TableProperties.DEFAULT_NAME_MAPPING).asText("[]"));
        for (String column : List.of(ParquetTable.EVENT_TIME, ParquetTable.INGEST_TIME)) {
            ObjectNode name = mapping.addObject();
            name.put("field-id", idOf(column)).putArray("names").add(column);
        }
        properties.put(TableProperties.DEFAULT_NAME_MAPPING, JSON.writeValueAsString(mapping));
    }
}
