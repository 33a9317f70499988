package io.qaexchange.job.server.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuditLogTest {

    @TempDir
    private Path folder;

    private static AuditLog.Call call(int number) {
        return new AuditLog.Call("2026-01-05T09:30:00Z", "otto\n\"", "POST /admin/checkpoint?n=" + number, 202, "request-" + number, 12);
    }

    @Test
    void eachCallIsALineAndTheNewestAreRemembered() throws IOException {
        Path file = folder.resolve("audit.jsonl");
        AuditLog log = AuditLog.to(file);
        IntStream.range(0, 600).forEach(number -> log.note(call(number)));

        assertThat(Files.readAllLines(file)).hasSize(600).first().isEqualTo(
                "{\"at\":\"2026-01-05T09:30:00Z\",\"user\":\"otto\\n\\\"\",\"call\":\"POST /admin/checkpoint?n=0\",\"status\":202,\"request\":\"request-0\",\"ms\":12}");
        assertThat(log.newest()).hasSize(500).first().isEqualTo(call(599));

        AuditLog.to(file).note(call(600));
        assertThat(Files.readAllLines(file)).as("a server that starts again appends").hasSize(601);
    }

    @Test
    void aFileThatCannotBeWrittenIsSaidAtTheStart() {
        assertThatThrownBy(() -> AuditLog.to(folder.resolve("not-there").resolve("audit.jsonl"))).isInstanceOf(IOException.class);
    }
}
