package io.qaexchange.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.metrics.SimpleCounter;
import org.apache.flink.runtime.throwable.ThrowableClassifier;
import org.apache.flink.runtime.throwable.ThrowableType;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;
import org.junit.jupiter.api.Test;

class DeadLetterCommitterTest {

    private static final TransactionalIdAuthorizationException REFUSED = new TransactionalIdAuthorizationException("Transactional Id authorization failed.");

    private final SimpleCounter notCommitted = new SimpleCounter();
    private final List<String> said = new ArrayList<>();

    /** A commit that fails as Flink's committer says it. */
    private void commit(DeadLetterSink.OnFailure onFailure, Throwable failure, boolean known) throws Exception {
        Committer<KafkaCommittable> flinks = new Committer<>() {
            @Override
            public void commit(Collection<CommitRequest<KafkaCommittable>> requests) {
                for (CommitRequest<KafkaCommittable> request : requests) {
                    if (known) {
                        request.signalFailedWithKnownReason(failure);
                    } else {
                        request.signalFailedWithUnknownReason(failure);
                    }
                }
            }

            @Override
            public void close() {
                said.add("closed");
            }
        };
        DeadLetterSink.Options options = new DeadLetterSink.Options("localhost:1", "letters", "job", onFailure, Duration.ofMinutes(1), Map.of());
        try (DeadLetterCommitter committer = new DeadLetterCommitter(flinks, options, notCommitted)) {
            committer.commit(List.of(new Request()));
        }
    }

    /** Notes the answer, and fails as Flink's request does. */
    private final class Request implements Committer.CommitRequest<KafkaCommittable> {
        @Override
        public KafkaCommittable getCommittable() {
            return new KafkaCommittable(7, (short) 1, "job-0-7", null);
        }

        @Override
        public int getNumberOfRetries() {
            return 0;
        }

        @Override
        public void signalFailedWithKnownReason(Throwable failure) {
            said.add("goes on");
        }

        @Override
        public void signalFailedWithUnknownReason(Throwable failure) {
            said.add("restarts");
            throw new IllegalStateException("Failed to commit", failure);
        }

        @Override
        public void retryLater() {
            said.add("later");
        }

        @Override
        public void updateAndRetryLater(KafkaCommittable committable) {
            said.add("later");
        }

        @Override
        public void signalAlreadyCommitted() {
            said.add("already");
        }
    }

    @Test
    void aRefusedCommitIsCountedAndTheJobGoesOn() throws Exception {
        commit(DeadLetterSink.OnFailure.CONTINUE, REFUSED, false);
        assertThat(said).containsExactly("goes on", "closed");
        assertThat(notCommitted.getCount()).isEqualTo(1);
    }

    @Test
    void aProducerThatWasRefusedBeforeIsRefusedToo() throws Exception {
        commit(DeadLetterSink.OnFailure.CONTINUE, new KafkaException("Cannot execute transactional method because we are in an error state", REFUSED), false);
        assertThat(said).containsExactly("goes on", "closed");
        assertThat(notCommitted.getCount()).isEqualTo(1);
    }

    @Test
    void aRefusedCommitStopsTheJobForGoodIfItWasToldSo() {
        assertThatThrownBy(() -> commit(DeadLetterSink.OnFailure.STOP, REFUSED, false)).hasStackTraceContaining("transaction job-0-7")
                .hasStackTraceContaining("dead-letters.on-failure is stop").satisfies(failure -> assertThat(
                        ThrowableClassifier.findThrowableOfThrowableType(failure, ThrowableType.NonRecoverableError)).as("no restart").isPresent());
        assertThat(said).containsExactly("closed");
    }

    @Test
    void anythingElseThatIsUnknownRestartsTheJob() {
        assertThatThrownBy(() -> commit(DeadLetterSink.OnFailure.CONTINUE, new KafkaException("a bug"), false)).hasStackTraceContaining("a bug");
        assertThat(said).containsExactly("restarts", "closed");
        assertThat(notCommitted.getCount()).isZero();
    }

    @Test
    void aTransactionThatTimedOutIsCounted() throws Exception {
        commit(DeadLetterSink.OnFailure.STOP, new InvalidTxnStateException("aborted"), true);
        assertThat(said).containsExactly("goes on", "closed");
        assertThat(notCommitted.getCount()).isEqualTo(1);
    }

    @Test
    void aTransactionThatWasCommittedBeforeAFailureIsNoLoss() throws Exception {
        commit(DeadLetterSink.OnFailure.STOP, new ProducerFencedException("a newer producer"), true);
        assertThat(said).containsExactly("goes on", "closed");
        assertThat(notCommitted.getCount()).isZero();
    }
}
