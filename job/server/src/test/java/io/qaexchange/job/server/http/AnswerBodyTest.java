package io.qaexchange.job.server.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;

class AnswerBodyTest {

    private static final int MOST_BYTES = 1 << 15;

    /** The pieces that came. */
    private static final class Sent implements Content.Sink {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final List<Integer> pieces = new ArrayList<>();
        private boolean whole;

        @Override
        public void write(boolean last, ByteBuffer piece, Callback callback) {
            assertThat(whole).isFalse();
            byte[] copy = new byte[piece.remaining()];
            piece.get(copy);
            bytes.writeBytes(copy);
            pieces.add(copy.length);
            whole = last;
            callback.succeeded();
        }
    }

    private final Sent sent = new Sent();
    private final AnswerBody out = new AnswerBody(sent, false);

    @Test
    void aSmallAnswerIsOnePiece() throws IOException {
        for (int i = 0; i < 1_000; i++) {
            out.write("a row\n".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
            out.flush();
        }
        assertThat(sent.pieces).isEmpty();
        out.close();
        out.close();
        assertThat(sent.pieces).containsExactly(6_000);
        assertThat(sent.whole).isTrue();
    }

    @Test
    void eventsAreSentWhenTheyAreFlushed() throws IOException {
        AnswerBody events = new AnswerBody(sent, true);
        events.write(1);
        events.flush();
        events.flush();
        assertThat(sent.pieces).containsExactly(1);
        assertThat(sent.whole).isFalse();
    }

    @Test
    void anEmptyAnswerEnds() throws IOException {
        out.close();
        assertThat(sent.pieces).containsExactly(0);
        assertThat(sent.whole).isTrue();
        assertThatThrownBy(() -> out.write(1)).isInstanceOf(IOException.class).hasMessage("the answer has ended");
    }

    @Test
    void allBytesComeInTheirOrder() throws IOException {
        Random random = new Random(1);
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (int i = 0; i < 500; i++) {
            byte[] bytes = new byte[switch (random.nextInt(4)) {
                case 0 -> random.nextInt(10);
                case 1 -> random.nextInt(2_000);
                case 2 -> MOST_BYTES - 1 + random.nextInt(3);
                default -> random.nextInt(3 * MOST_BYTES);
            }];
            random.nextBytes(bytes);
            all.writeBytes(bytes);
            out.write(bytes);
            byte one = (byte) random.nextInt();
            all.write(one);
            out.write(one);
        }
        out.close();
        assertThat(sent.bytes.toByteArray()).isEqualTo(all.toByteArray());
        assertThat(sent.pieces.subList(0, sent.pieces.size() - 1)).allMatch(piece -> piece > 0);
    }
}
