package io.qaexchange.job.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.job.model.UsageException;
import io.qaexchange.job.query.cluster.FlinkRest;
import io.qaexchange.job.query.cluster.RestError;
import java.io.IOException;
import java.net.ServerSocket;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RestErrorTest {

    @Test
    void aStackTraceBecomesItsInnermostCause() {
        String body = "{\"errors\":[\"Internal server error.\",\"<Exception on server side:\\norg.apache.flink.util.FlinkException: Outer\\n"
                + "\\tat a.B.c(B.java:1)\\nCaused by: java.io.IOException: java.lang.IllegalStateException: no slot is free\\n\\t... 3 more\\n"
                + "End of exception on server side>\"]}";

        assertThat(RestError.message(body)).isEqualTo("no slot is free");
    }

    @Test
    void aShortErrorStaysAndOtherTextIsTaken() {
        assertThat(RestError.message("{\"errors\":[\"Cannot resolve path parameter (jobid).\"]}")).isEqualTo("Cannot resolve path parameter (jobid).");
        assertThat(RestError.message("<html>no</html>")).isEqualTo("<html>no</html>");
        assertThat(RestError.message("{}")).isEqualTo("it says no reason");
    }

    @Test
    void aJobIdIsLookedAtBeforeItIsSent() {
        assertThat(FlinkRest.jobId("0123456789abcdef0123456789abcdef")).isEqualTo("0123456789abcdef0123456789abcdef");
        assertThatThrownBy(() -> FlinkRest.jobId("badid")).isInstanceOf(UsageException.class).hasMessageContaining("\"badid\" is not a job ID");
    }

    @Test
    void aPortInUseIsNamedWithItsOption() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, java.net.InetAddress.getByName("127.0.0.1"))) {
            assertThatThrownBy(() -> Ports.checkFree(Map.of("--port", taken.getLocalPort()))).isInstanceOf(UsageException.class)
                    .hasMessageContainingAll("port " + taken.getLocalPort() + " is in use", "--port");
        }
    }
}
