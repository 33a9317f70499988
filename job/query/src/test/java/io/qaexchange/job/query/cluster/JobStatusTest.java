package io.qaexchange.job.query.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The status of a job out of Flink's answers. */
class JobStatusTest {

    private static final String COMPLETE = "{\"id\":3,\"status\":\"COMPLETED\",\"external_path\":\"file:/chk-3\"}";

    @Test
    void theLastCompleteCheckpointIsFoundBehindAHistoryOfFailures() throws Exception {
        List<JobStatus.Checkpoint> newest = newest("{\"latest\":{\"completed\":" + COMPLETE + "},\"history\":[{\"id\":5,\"status\":\"FAILED\"},"
                + "{\"id\":4,\"status\":\"FAILED\"}]}");
        assertThat(newest).extracting(JobStatus.Checkpoint::id).containsExactly(5L, 4L, 3L);
        assertThat(newest.get(2).path()).isEqualTo("file:/chk-3");
    }

    @Test
    void aCompleteCheckpointStandsThereOnce() throws Exception {
        assertThat(newest("{\"latest\":{\"completed\":" + COMPLETE + "},\"history\":[" + COMPLETE + "]}")).hasSize(1);
        assertThat(newest("{\"latest\":{\"completed\":null},\"history\":[]}")).isEmpty();
    }

    private static List<JobStatus.Checkpoint> newest(String answer) throws Exception {
        JsonNode document = new ObjectMapper().readTree(answer);
        return JobStatus.newest(document);
    }
}
