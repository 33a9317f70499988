package io.qaexchange.iceberg;

import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.ParquetReaders;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;
import org.apache.iceberg.DataFile;
import org.apache.iceberg.DataFiles;
import org.apache.iceberg.FileFormat;
import org.apache.iceberg.Metrics;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.expressions.Literal;
import org.apache.iceberg.types.Conversions;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.apache.iceberg.util.UnicodeUtil;
import org.apache.parquet.column.statistics.Statistics;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;

/**
 * A file of the archive, with what its footer says of its columns. Each bound covers all row groups; a bound that one of them lacks is left out.
 *
 * @param file as the archive manifest lists it
 * @param location where it lies
 * @param schema its columns
 * @param blocks its row groups
 */
record FileFooter(io.qaexchange.archive.manifest.DataFile file, String location, MessageType schema, List<BlockMetaData> blocks) {

    /** Longer texts are cut for bounds, as Iceberg's own writers do. */
    private static final int BOUND_LENGTH = 32;

    /**
     * Reads the footer.
     *
     * @throws IOException if the file is gone, or is not the one that the archive manifest lists
     */
    static FileFooter read(io.qaexchange.archive.manifest.DataFile file, Path path, String location) throws IOException {
        try (ParquetFileReader reader = ParquetReaders.open(FlinkInputFile.of(path))) {
            if (reader.getRecordCount() != file.rows()) {
                throw new IOException("file " + path + " has " + reader.getRecordCount() + " rows, the archive manifest says " + file.rows());
            }
            return new FileFooter(file, location, reader.getFileMetaData().getSchema(), List.copyOf(reader.getFooter().getBlocks()));
        } catch (RuntimeException e) {
            throw new IOException("file " + path + " cannot be read as a Parquet file: " + e.getMessage(), e);
        }
    }

    /** As an entry of an Iceberg table of that schema. */
    DataFile toDataFile(Schema table, PartitionSpec spec) {
        List<Long> offsets = new ArrayList<>();
        blocks.forEach(block -> offsets.add(block.getStartingPos()));
        return DataFiles.builder(spec).withPath(location).withFormat(FileFormat.PARQUET).withFileSizeInBytes(file.lengthBytes())
                .withPartitionPath(TableColumns.DATE + "=" + file.tradingDay()).withMetrics(metrics(table)).withSplitOffsets(offsets).build();
    }

    /** The figure in which an entry of an Iceberg table differs from the file; null if it fits. */
    @Nullable
    String differenceTo(DataFile entry, Schema table, PartitionSpec spec) {
        DataFile own = toDataFile(table, spec);
        if (entry.recordCount() != own.recordCount()) {
            return "the number of rows";
        }
        if (entry.fileSizeInBytes() != own.fileSizeInBytes()) {
            return "the length";
        }
        if (!spec.partitionToPath(entry.partition()).equals(spec.partitionToPath(own.partition()))) {
            return "the partition";
        }
        if (!isSame(entry.valueCounts(), own.valueCounts()) || !isSame(entry.nullValueCounts(), own.nullValueCounts())) {
            return "a count of values";
        }
        return isSame(entry.lowerBounds(), own.lowerBounds()) && isSame(entry.upperBounds(), own.upperBounds()) ? null : "a bound of values";
    }

    private static boolean isSame(@Nullable Map<Integer, ?> some, @Nullable Map<Integer, ?> others) {
        return (some == null ? Map.of() : some).equals(others == null ? Map.of() : others);
    }

    private Metrics metrics(Schema table) {
        Map<Integer, Long> sizes = new HashMap<>();
        Map<Integer, Long> values = new HashMap<>();
        Map<Integer, Long> nulls = new HashMap<>();
        Map<Integer, ByteBuffer> lower = new HashMap<>();
        Map<Integer, ByteBuffer> upper = new HashMap<>();
        for (int column = 0; column < schema.getFieldCount(); column++) {
            Types.NestedField field = table.findField(schema.getFieldName(column));
            if (field != null && schema.getType(column).isPrimitive()) {
                new ColumnBounds(schema.getFieldName(column), field, blocks).addTo(sizes, values, nulls, lower, upper);
            }
        }
        return new Metrics(file.rows(), sizes, values, nulls, null, lower, upper);
    }

    /** Sums and bounds of one column over all row groups. */
    private static final class ColumnBounds {
        private final Types.NestedField field;
        private long size;
        private long values;
        private long nulls;
        private boolean nullsKnown = true;
        private boolean boundsKnown = true;
        private Object min;
        private Object max;

        ColumnBounds(String name, Types.NestedField field, List<BlockMetaData> blocks) {
            this.field = field;
            Set<String> path = new HashSet<>(List.of(name));
            for (BlockMetaData block : blocks) {
                block.getColumns().stream().filter(chunk -> path.contains(chunk.getPath().toDotString())).forEach(this::add);
            }
        }

        private void add(ColumnChunkMetaData chunk) {
            size += chunk.getTotalSize();
            values += chunk.getValueCount();
            Statistics<?> statistics = chunk.getStatistics();
            nullsKnown &= statistics != null && statistics.isNumNullsSet();
            if (nullsKnown) {
                nulls += statistics.getNumNulls();
            }
            if (statistics != null && statistics.hasNonNullValue()) {
                min = min == null || compare(chunk, statistics.genericGetMin(), min) < 0 ? statistics.genericGetMin() : min;
                max = max == null || compare(chunk, statistics.genericGetMax(), max) > 0 ? statistics.genericGetMax() : max;
            } else {
                boundsKnown &= statistics != null && statistics.isNumNullsSet() && statistics.getNumNulls() == chunk.getValueCount();
            }
        }

        private static int compare(ColumnChunkMetaData chunk, Object a, Object b) {
            return chunk.getPrimitiveType().comparator().compare(a, b);
        }

        void addTo(Map<Integer, Long> sizes, Map<Integer, Long> valueCounts, Map<Integer, Long> nullCounts, Map<Integer, ByteBuffer> lower,
                Map<Integer, ByteBuffer> upper) {
            int id = field.fieldId();
            sizes.put(id, size);
            valueCounts.put(id, values);
            if (nullsKnown) {
                nullCounts.put(id, nulls);
            }
            if (!boundsKnown || min == null) {
                return;
            }
            if (field.type().typeId() != Type.TypeID.STRING) {
                lower.put(id, Conversions.toByteBuffer(field.type(), min));
                upper.put(id, Conversions.toByteBuffer(field.type(), max));
                return;
            }
            lower.put(id, Conversions.toByteBuffer(field.type(), UnicodeUtil.truncateStringMin(text(min), BOUND_LENGTH).value()));
            Literal<CharSequence> cut = UnicodeUtil.truncateStringMax(text(max), BOUND_LENGTH);
            if (cut != null) {
                upper.put(id, Conversions.toByteBuffer(field.type(), cut.value()));
            }
        }

        private static Literal<CharSequence> text(Object bound) {
            return Literal.of(((Binary) bound).toStringUsingUTF8());
        }
    }
}
