package io.qaexchange.job.server.flight;

import com.google.protobuf.ByteString;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;
import org.apache.arrow.flight.CallStatus;

/**
 * A statement that was looked at and is to run: all that is needed is in the ticket, so any server beside the job can run it, and nothing is kept
 * for a client that does not come back. It grants nothing: whoever shows it is asked who he is, and could send the statement as well.
 *
 * <pre>
 *   offset  size  field
 *        0     1  version, 1
 *        1    16  id, random: names the statement when it is cancelled
 *       17     4  length of the level, n
 *       21     n  level, UTF-8
 *   21 + n        statement, UTF-8
 * </pre>
 *
 * <p>Immutable.
 */
record QueryTicket(UUID id, String level, String sql) {

    private static final byte VERSION = 1;
    private static final int HEADER = 1 + 16 + Integer.BYTES;

    static QueryTicket of(String level, String sql) {
        return new QueryTicket(UUID.randomUUID(), level, sql);
    }

    ByteString encode() {
        byte[] levelBytes = level.getBytes(StandardCharsets.UTF_8);
        byte[] sqlBytes = sql.getBytes(StandardCharsets.UTF_8);
        ByteBuffer bytes = ByteBuffer.allocate(HEADER + levelBytes.length + sqlBytes.length);
        bytes.put(VERSION).putLong(id.getMostSignificantBits()).putLong(id.getLeastSignificantBits()).putInt(levelBytes.length).put(levelBytes).put(sqlBytes);
        return ByteString.copyFrom(bytes.flip());
    }

    /**
     * Reads a ticket.
     *
     * @throws org.apache.arrow.flight.FlightRuntimeException if no server of this version made it
     */
    static QueryTicket decode(ByteString encoded) {
        ByteBuffer bytes = encoded.asReadOnlyByteBuffer();
        if (bytes.remaining() < HEADER || bytes.get() != VERSION) {
            throw foreign(null);
        }
        UUID id = new UUID(bytes.getLong(), bytes.getLong());
        int length = bytes.getInt();
        if (length < 0 || length > bytes.remaining()) {
            throw foreign(null);
        }
        try {
            ByteBuffer level = bytes.slice(bytes.position(), length);
            ByteBuffer sql = bytes.slice(bytes.position() + length, bytes.remaining() - length);
            return new QueryTicket(id, StandardCharsets.UTF_8.newDecoder().decode(level).toString(), StandardCharsets.UTF_8.newDecoder().decode(sql).toString());
        } catch (CharacterCodingException e) {
            throw foreign(e);
        }
    }

    private static RuntimeException foreign(CharacterCodingException cause) {
        return CallStatus.INVALID_ARGUMENT.withDescription("the ticket was not made by a server of this version: ask GetFlightInfo for another").withCause(cause)
                .toRuntimeException();
    }
}
