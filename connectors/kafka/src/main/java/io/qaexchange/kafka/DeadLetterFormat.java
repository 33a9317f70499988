package io.qaexchange.kafka;

import io.qaexchange.events.flink.DeadLetter;
import io.qaexchange.events.flink.MessageOrigin;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import javax.annotation.Nullable;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.AbstractRecords;
import org.apache.kafka.common.record.CompressionType;
import org.apache.kafka.common.record.RecordBatch;

/**
 * How a dead letter lies in Kafka. It always fits into a number of bytes that the caller says; what is too long is cut, and a header says so.
 *
 * <p>Key: the message's key; its position if it has none. Value: the message's bytes, or the first of them. Headers: those of the message first, then
 * ours, all as UTF-8 text. The record's time is when the letter was written: with the message's own time the topic's retention could delete
 * the letter at once.
 *
 * <pre>
 *   reason, detail            why the message was refused; the detail is cut after 1,024 bytes
 *   topic, partition, offset  where the message lay
 *   timestamp                 the message's time, ms since 1970; missing if it is not known
 *   length, sha256            of the whole value; with them a cut value is recognised and the message found again
 *   key-length, key-sha256    of the whole key, only if the key was cut
 *   key-missing               "true" if the message had no key
 *   headers, headers-dropped  how many of the headers in front are the message's own, and how many more it had
 * </pre>
 *
 * <p>Where bytes are short, the value is cut first, then the message's headers are dropped, then key and detail are cut. Stateless.
 */
public final class DeadLetterFormat {

    public static final String REASON = "reason";
    public static final String DETAIL = "detail";
    public static final String TOPIC = "topic";
    public static final String PARTITION = "partition";
    public static final String OFFSET = "offset";
    public static final String TIMESTAMP = "timestamp";
    public static final String LENGTH = "length";
    public static final String SHA256 = "sha256";
    public static final String KEY_LENGTH = "key-length";
    public static final String KEY_SHA256 = "key-sha256";
    public static final String KEY_MISSING = "key-missing";
    public static final String HEADERS = "headers";
    public static final String HEADERS_DROPPED = "headers-dropped";

    private static final int MAX_DETAIL_BYTES = 1024;
    private static final int MAX_KEY_BYTES = 16 << 10;
    private static final int MAX_HEADER_BYTES = 64 << 10;
    private static final int SHORT_KEY_BYTES = 32;
    private static final int SHORT_DETAIL_BYTES = 32;
    /** Lengths of name and value as varints, at most. */
    private static final int HEADER_OVERHEAD = 10;
    /** The length of a long value takes so many more bytes than that of none. */
    private static final int MORE_LENGTH_BYTES = 4;
    private static final byte[] NO_VALUE = {};

    private DeadLetterFormat() {
    }

    /**
     * The record of a letter.
     *
     * @param topic the dead-letter topic
     * @param maxBytes how many bytes a batch with this record may have before it is compressed
     * @return null if not even a letter without value fits
     */
    @Nullable
    static ProducerRecord<byte[], byte[]> record(DeadLetter letter, String topic, long maxBytes) {
        ProducerRecord<byte[], byte[]> full = build(letter, topic, maxBytes, MAX_KEY_BYTES, MAX_DETAIL_BYTES,
                (int) Math.min(MAX_HEADER_BYTES, maxBytes / 4));
        return full != null ? full : build(letter, topic, maxBytes, SHORT_KEY_BYTES, SHORT_DETAIL_BYTES, 0);
    }

    @Nullable
    private static ProducerRecord<byte[], byte[]> build(DeadLetter letter, String topic, long maxBytes, int keyBytes, int detailBytes, int headerBytes) {
        MessageOrigin origin = letter.origin();
        Headers headers = new RecordHeaders();
        int kept = keepHeaders(origin.headers(), headerBytes, headers);
        add(headers, REASON, letter.reason());
        headers.add(DETAIL, utf8(letter.detail(), detailBytes));
        add(headers, TOPIC, letter.topic());
        add(headers, PARTITION, Integer.toString(letter.partition()));
        add(headers, OFFSET, Long.toString(letter.offset()));
        if (origin.timestampMs() != MessageOrigin.NO_TIMESTAMP) {
            add(headers, TIMESTAMP, Long.toString(origin.timestampMs()));
        }
        add(headers, LENGTH, Integer.toString(letter.value().length));
        add(headers, SHA256, sha256(letter.value()));
        byte[] key = origin.key();
        if (key == null) {
            key = letter.position().getBytes(StandardCharsets.UTF_8);
            add(headers, KEY_MISSING, "true");
        } else if (key.length > keyBytes) {
            add(headers, KEY_LENGTH, Integer.toString(key.length));
            add(headers, KEY_SHA256, sha256(key));
            key = Arrays.copyOf(key, keyBytes);
        }
        add(headers, HEADERS, Integer.toString(kept));
        if (kept < origin.headers().size()) {
            add(headers, HEADERS_DROPPED, Integer.toString(origin.headers().size() - kept));
        }
        long left = maxBytes - size(key, NO_VALUE, headers) - MORE_LENGTH_BYTES;
        if (left < 0) {
            return null;
        }
        byte[] value = left >= letter.value().length ? letter.value() : Arrays.copyOf(letter.value(), (int) left);
        return new ProducerRecord<>(topic, null, null, key, value, headers);
    }

    /** Bytes of a batch with one record, as the producer reckons before it compresses. */
    static int size(byte[] key, byte[] value, Headers headers) {
        return AbstractRecords.estimateSizeInBytesUpperBound(RecordBatch.CURRENT_MAGIC_VALUE, CompressionType.NONE, ByteBuffer.wrap(key),
                ByteBuffer.wrap(value), headers.toArray());
    }

    private static int keepHeaders(List<MessageOrigin.Header> given, int bytes, Headers headers) {
        int kept = 0;
        long used = 0;
        for (MessageOrigin.Header header : given) {
            byte[] name = header.name().getBytes(StandardCharsets.UTF_8);
            used += HEADER_OVERHEAD + name.length + (header.value() == null ? 0 : header.value().length);
            if (used > bytes) {
                break;
            }
            headers.add(new RecordHeader(header.name(), header.value()));
            kept++;
        }
        return kept;
    }

    private static void add(Headers headers, String name, String text) {
        headers.add(name, text.getBytes(StandardCharsets.UTF_8));
    }

    /** The text, cut between two characters. */
    private static byte[] utf8(String text, int maxBytes) {
        ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(maxBytes, text.length() * 4L));
        CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder().onMalformedInput(CodingErrorAction.REPLACE);
        encoder.encode(CharBuffer.wrap(text), bytes, true);
        return Arrays.copyOf(bytes.array(), bytes.position());
    }

    /** SHA-256 of some bytes, in hexadecimal digits. */
    public static String sha256(byte[] bytes) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every JDK has SHA-256", e);
        }
    }

    /** The text of the last header of that name; null if there is none. */
    @Nullable
    public static String text(Headers headers, String name) {
        Header header = headers.lastHeader(name);
        return header == null || header.value() == null ? null : new String(header.value(), StandardCharsets.UTF_8);
    }

    /**
     * {@code topic-partition@offset} of the message that a letter is about.
     *
     * @return null if the record is no dead letter of ours
     */
    @Nullable
    public static String position(Headers headers) {
        String topic = text(headers, TOPIC);
        String partition = text(headers, PARTITION);
        String offset = text(headers, OFFSET);
        return topic == null || partition == null || offset == null ? null : topic + "-" + partition + "@" + offset;
    }

    /** The headers that the message itself had. */
    public static List<Header> originalHeaders(Headers headers) {
        String count = text(headers, HEADERS);
        List<Header> original = new ArrayList<>();
        Header[] all = headers.toArray();
        for (int i = 0; count != null && i < Integer.parseInt(count); i++) {
            original.add(all[i]);
        }
        return original;
    }
}
