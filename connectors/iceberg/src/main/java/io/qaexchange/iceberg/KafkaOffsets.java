package io.qaexchange.iceberg;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.ParquetReaders;
import io.qaexchange.parquet.column.ParquetTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;
import org.apache.parquet.column.ColumnReader;
import org.apache.parquet.column.impl.ColumnReadStoreImpl;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.schema.MessageType;

/**
 * The greatest Kafka offset of each partition among rows. As text it has the form that Kafka's other readers take: {@code {"topic":{"0":123}}}.
 *
 * <p>Immutable.
 *
 * @param byTopic the offsets by topic and partition
 */
record KafkaOffsets(SortedMap<String, SortedMap<Integer, Long>> byTopic) {

    /** The offsets of no rows. */
    static final KafkaOffsets NONE = new KafkaOffsets(new TreeMap<>());

    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> COLUMNS = List.of(ParquetTable.KAFKA_TOPIC, ParquetTable.KAFKA_PARTITION, ParquetTable.KAFKA_OFFSET);

    /**
     * Reads those of a file; only three columns are read. A file whose rows are no events has none.
     *
     * @throws IOException if the file is gone or damaged
     */
    static KafkaOffsets read(Path path) throws IOException {
        try (ParquetFileReader reader = ParquetReaders.open(FlinkInputFile.of(path))) {
            MessageType all = reader.getFileMetaData().getSchema();
            if (!COLUMNS.stream().allMatch(all::containsField)) {
                return NONE;
            }
            MessageType wanted = new MessageType(all.getName(), COLUMNS.stream().map(all::getType).toList());
            reader.setRequestedSchema(wanted);
            Greatest greatest = new Greatest();
            for (PageReadStore pages = reader.readNextRowGroup(); pages != null; pages = reader.readNextRowGroup()) {
                read(pages, wanted, reader.getFileMetaData().getCreatedBy(), greatest);
            }
            return new KafkaOffsets(greatest.byTopic);
        } catch (RuntimeException e) {
            throw new IOException("Kafka offsets of file " + path + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static void read(PageReadStore pages, MessageType schema, String createdBy, Greatest greatest) {
        ColumnReadStoreImpl store = new ColumnReadStoreImpl(pages, new Ignored(), schema, createdBy);
        List<ColumnReader> columns = new ArrayList<>();
        for (String name : COLUMNS) {
            columns.add(store.getColumnReader(schema.getColumnDescription(new String[] {name})));
        }
        for (long row = pages.getRowCount(); row > 0; row--) {
            if (columns.stream().allMatch(column -> column.getCurrentDefinitionLevel() == column.getDescriptor().getMaxDefinitionLevel())) {
                greatest.add(columns.get(0).getBinary(), columns.get(1).getInteger(), columns.get(2).getLong());
            }
            columns.forEach(ColumnReader::consume);
        }
    }

    /** Rows of one partition often follow each other. */
    private static final class Greatest {
        private final SortedMap<String, SortedMap<Integer, Long>> byTopic = new TreeMap<>();
        @Nullable
        private Binary topic;
        private SortedMap<Integer, Long> offsets;

        void add(Binary of, int partition, long offset) {
            if (!of.equals(topic)) {
                topic = of.copy();
                offsets = byTopic.computeIfAbsent(of.toStringUsingUTF8(), none -> new TreeMap<>());
            }
            offsets.merge(partition, offset, Math::max);
        }
    }

    /** These and others. */
    KafkaOffsets with(KafkaOffsets others) {
        SortedMap<String, SortedMap<Integer, Long>> both = new TreeMap<>();
        for (KafkaOffsets some : List.of(this, others)) {
            some.byTopic.forEach((topic, offsets) -> offsets.forEach((partition, offset) ->
                    both.computeIfAbsent(topic, none -> new TreeMap<>()).merge(partition, offset, Math::max)));
        }
        return new KafkaOffsets(both);
    }

    /** Whether each partition of the others is here, with an offset that is as great. */
    boolean covers(KafkaOffsets others) {
        return with(others).equals(this);
    }

    /** As text. */
    String toJson() {
        ObjectNode topics = JSON.createObjectNode();
        byTopic.forEach((topic, offsets) -> {
            ObjectNode partitions = topics.putObject(topic);
            offsets.forEach((partition, offset) -> partitions.put(Integer.toString(partition), offset));
        });
        return topics.toString();
    }

    /**
     * Parses a text.
     *
     * @throws IOException if it is not of that form
     */
    static KafkaOffsets parse(String text) throws IOException {
        SortedMap<String, SortedMap<Integer, Long>> byTopic = new TreeMap<>();
        try {
            for (Map.Entry<String, JsonNode> topic : JSON.readTree(text).properties()) {
                SortedMap<Integer, Long> offsets = new TreeMap<>();
                for (Map.Entry<String, JsonNode> partition : topic.getValue().properties()) {
                    if (!partition.getValue().canConvertToLong() || !partition.getValue().isIntegralNumber()) {
                        throw new IOException("Kafka offsets " + text + " have no number for partition " + partition.getKey() + " of " + topic.getKey());
                    }
                    offsets.put(Integer.valueOf(partition.getKey()), partition.getValue().longValue());
                }
                byTopic.put(topic.getKey(), offsets);
            }
        } catch (JsonProcessingException | NumberFormatException e) {
            throw new IOException("Kafka offsets " + text + " are not of the form {\"topic\":{\"0\":123}}: " + e.getMessage(), e);
        }
        return new KafkaOffsets(byTopic);
    }

    /** Takes the values that are asked for from the columns. */
    private static final class Ignored extends GroupConverter {
        @Override
        public Converter getConverter(int column) {
            return new PrimitiveConverter() { };
        }

        @Override
        public void start() {
            // Records are not assembled.
        }

        @Override
        public void end() {
            // Records are not assembled.
        }
    }
}
