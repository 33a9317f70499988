package io.qaexchange.events.flink;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.flink.core.memory.DataInputView;
import org.apache.flink.core.memory.DataOutputView;

/**
 * Key, headers and time of a message as a producer gave them. The job needs them only for dead letters. Immutable; bytes are not copied.
 *
 * @param key the message's key; null if it has none
 * @param headers the message's headers, in their order; a name may come several times
 * @param timestampMs Kafka's record time, ms since 1970; {@link #NO_TIMESTAMP} if it is not known
 */
public record MessageOrigin(@Nullable byte[] key, List<Header> headers, long timestampMs) {

    public static final long NO_TIMESTAMP = -1;
    /** Nothing is known, as of events that did not come from Kafka. */
    public static final MessageOrigin UNKNOWN = new MessageOrigin(null, List.of(), NO_TIMESTAMP);

    private static final int NO_BYTES = -1;

    /**
     * A header of a message.
     *
     * @param name its name
     * @param value its bytes; null if it has none
     */
    public record Header(String name, @Nullable byte[] value) {
        public Header {
            requireNonNull(name, "name");
        }
    }

    public MessageOrigin {
        headers = List.copyOf(headers);
    }

    /** Writes key, headers and time. */
    public void write(DataOutputView target) throws IOException {
        writeBytes(key, target);
        target.writeInt(headers.size());
        for (Header header : headers) {
            writeBytes(header.name.getBytes(StandardCharsets.UTF_8), target);
            writeBytes(header.value, target);
        }
        target.writeLong(timestampMs);
    }

    /** Reads what {@link #write} has written. */
    public static MessageOrigin read(DataInputView source) throws IOException {
        byte[] key = readBytes(source);
        int count = source.readInt();
        List<Header> headers = count == 0 ? List.of() : new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            String name = new String(requireNonNull(readBytes(source)), StandardCharsets.UTF_8);
            headers.add(new Header(name, readBytes(source)));
        }
        return new MessageOrigin(key, headers, source.readLong());
    }

    private static void writeBytes(@Nullable byte[] bytes, DataOutputView target) throws IOException {
        target.writeInt(bytes == null ? NO_BYTES : bytes.length);
        if (bytes != null) {
            target.write(bytes);
        }
    }

    @Nullable
    private static byte[] readBytes(DataInputView source) throws IOException {
        int length = source.readInt();
        if (length == NO_BYTES) {
            return null;
        }
        byte[] bytes = new byte[length];
        source.readFully(bytes);
        return bytes;
    }
}
