package io.qaexchange.parquet;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.apache.parquet.format.FileMetaData;
import org.apache.parquet.format.RowGroup;
import org.apache.parquet.format.SortingColumn;
import org.apache.parquet.format.Util;
import org.apache.parquet.schema.MessageType;

/**
 * Declares by which columns the rows of a finished file are sorted. The writer library has no call for it, so the footer, which is
 * the end of the file, is read, completed and written again.
 */
final class SortingColumns {

    private static final byte[] MAGIC = "PAR1".getBytes(StandardCharsets.US_ASCII);
    private static final int TAIL_BYTES = Integer.BYTES + 4;

    private SortingColumns() {
    }

    /** Declares ascending order by these top-level columns. */
    static void declare(Path file, MessageType schema, String... columns) throws IOException {
        List<SortingColumn> order = new ArrayList<>();
        for (String column : columns) {
            order.add(new SortingColumn(leafIndex(schema, column), false, true));
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long tailOffset = channel.size() - TAIL_BYTES;
            ByteBuffer tail = read(channel, tailOffset, TAIL_BYTES);
            int footerBytes = tail.getInt();
            long footerOffset = tailOffset - footerBytes;
            FileMetaData footer = Util.readFileMetaData(new ByteArrayInputStream(read(channel, footerOffset, footerBytes).array()));
            for (RowGroup rowGroup : footer.getRow_groups()) {
                rowGroup.setSorting_columns(order);
            }
            ByteArrayOutputStream written = new ByteArrayOutputStream(footerBytes + 256);
            Util.writeFileMetaData(footer, written);
            ByteBuffer end = ByteBuffer.allocate(written.size() + TAIL_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            end.put(written.toByteArray()).putInt(written.size()).put(MAGIC).flip();
            channel.truncate(footerOffset);
            long at = footerOffset;
            while (end.hasRemaining()) {
                at += channel.write(end, at);
            }
        }
    }

    private static int leafIndex(MessageType schema, String column) {
        for (int i = 0; i < schema.getColumns().size(); i++) {
            if (schema.getColumns().get(i).getPath()[0].equals(column)) {
                return i;
            }
        }
        throw new IllegalArgumentException("no column " + column + " in " + schema.getName());
    }

    private static ByteBuffer read(FileChannel channel, long offset, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            if (channel.read(bytes, offset + bytes.position()) < 0) {
                throw new IOException("file ended at " + (offset + bytes.position()) + " while its footer was read");
            }
        }
        return bytes.flip();
    }
}
