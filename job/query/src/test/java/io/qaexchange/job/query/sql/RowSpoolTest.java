package io.qaexchange.job.query.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class RowSpoolTest {

    private static final int ROW_BYTES = 10_000;
    /** More chunks than are kept in memory. */
    private static final int ROWS = 3 * RowSpool.MOST_IN_MEMORY * RowSpool.CHUNK_BYTES / ROW_BYTES;

    @TempDir
    private Path folder;

    @Test
    void rowsComeInOrder() throws Exception {
        try (RowSpool spool = new RowSpool(folder, TimeUnit.MINUTES.toMillis(1))) {
            CompletableFuture<Void> adding = adding(spool, ROWS);

            assertThat(takeAll(spool)).isEqualTo(ROWS);
            adding.join();
            assertThat(spool.isOnDisk()).isFalse();
        }
    }

    @Test
    void whatASlowClientDoesNotTakeGoesToAFile() throws Exception {
        try (RowSpool spool = new RowSpool(folder, 1)) {
            adding(spool, ROWS).join();
            assertThat(spool.isOnDisk()).isTrue();
            assertThat(spool.await(1)).isTrue();

            assertThat(takeAll(spool)).isEqualTo(ROWS);
        }
        try (Stream<Path> left = Files.list(folder)) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void afterAFailureTheRowsBeforeItComeFirst() throws Exception {
        try (RowSpool spool = new RowSpool(folder, 1)) {
            adding(spool, 100).join();
            spool.fail(new IOException("the subtask has gone"));

            assertThatThrownBy(() -> takeAll(spool)).isInstanceOf(IOException.class).hasMessage("the subtask has gone");
            assertThat(spool.await(1)).isTrue();
        }
    }

    @Test
    void closingEndsWhoeverWaits() throws Exception {
        RowSpool full = new RowSpool(folder, TimeUnit.MINUTES.toMillis(1));
        CompletableFuture<Void> adding = adding(full, ROWS);
        assertThat(full.await(RowSpool.MOST_IN_MEMORY)).isFalse();
        full.close();
        assertThatThrownBy(adding::join).hasCauseInstanceOf(RowSpool.ClosedException.class);

        RowSpool empty = new RowSpool(folder, 1);
        CompletableFuture<byte[]> taking = CompletableFuture.supplyAsync(() -> {
            try {
                return empty.take();
            } catch (Exception e) {
                throw new java.util.concurrent.CompletionException(e);
            }
        });
        empty.close();
        assertThatThrownBy(taking::join).hasCauseInstanceOf(RowSpool.ClosedException.class);
    }

    private static CompletableFuture<Void> adding(RowSpool spool, int rows) {
        return CompletableFuture.runAsync(() -> {
            try {
                for (int row = 0; row < rows; row++) {
                    spool.add(row(row));
                }
                spool.end();
            } catch (IOException e) {
                throw new java.util.concurrent.CompletionException(e);
            }
        });
    }

    /** Begins with its number; its length is random. */
    private static byte[] row(int number) {
        return ByteBuffer.allocate(Integer.BYTES + new Random(number).nextInt(2 * ROW_BYTES)).putInt(number).array();
    }

    private static int takeAll(RowSpool spool) throws Exception {
        int rows = 0;
        for (byte[] chunk = spool.take(); chunk != null; chunk = spool.take()) {
            ByteBuffer in = ByteBuffer.wrap(chunk);
            while (in.hasRemaining()) {
                byte[] row = new byte[in.getInt()];
                in.get(row);
                assertThat(row).isEqualTo(row(rows));
                rows++;
            }
        }
        return rows;
    }
}
