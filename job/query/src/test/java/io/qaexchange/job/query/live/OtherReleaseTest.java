package io.qaexchange.job.query.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.JobDescription;
import io.qaexchange.job.model.live.LiveException;
import io.qaexchange.job.model.live.LiveProtocol;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.configuration.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A job of another release: its endpoint refuses, and the reader says why and what to do. */
class OtherReleaseTest {

    private static final String REFUSAL = "the reader speaks version 1 of live reads, this job version 2. Use the commands of the same release";

    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final AtomicInteger refused = new AtomicInteger();
    private ServerSocket endpoint;

    @BeforeEach
    void listen() throws IOException {
        endpoint = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        threads.submit(() -> {
            while (true) {
                try (Socket reader = endpoint.accept()) {
                    DataInputStream in = new DataInputStream(reader.getInputStream());
                    assertThat(in.readInt()).isEqualTo(LiveProtocol.MAGIC);
                    in.readUnsignedByte();
                    in.readUTF();
                    DataOutputStream out = new DataOutputStream(reader.getOutputStream());
                    out.writeByte(1);
                    out.writeUTF(REFUSAL);
                    refused.incrementAndGet();
                }
            }
        });
    }

    @AfterEach
    void stop() throws IOException {
        endpoint.close();
        threads.shutdownNow();
    }

    private JobDirectory directory() {
        JobDescription job = new JobDescription("file:///none", Instruments.defaults(), "lsm", 1, 128,
                List.of(new EndpointAnnouncement(0, 0, 1, "127.0.0.1", endpoint.getLocalPort(), "secret", 0, 127, "epoch")), 0);
        return new JobDirectory() {
            @Override
            public JobDescription describe() {
                return job;
            }

            @Override
            public JobDescription describeCached() {
                return job;
            }

            @Override
            public String jobId() {
                return "job";
            }

            @Override
            public void close() {
                // It holds nothing.
            }
        };
    }

    @Test
    void saysWhichVersionsAndWhatToDo() throws Exception {
        try (LiveReader reader = new LiveReader(directory(), EndpointPool.of(new Configuration()), Duration.ofMillis(100))) {
            assertThatThrownBy(() -> reader.open(ReadLevel.LIVE)).isInstanceOf(JobNotRunningException.class).hasMessageContaining(REFUSAL);
            assertThatThrownBy(reader::statistics).isInstanceOf(LiveException.class).hasMessageContaining(REFUSAL);
        }
        assertThat(refused.get()).as("it may be a job that is being replaced, so it is asked again").isGreaterThan(1);
    }
}
