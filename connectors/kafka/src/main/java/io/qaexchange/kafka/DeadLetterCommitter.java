package io.qaexchange.kafka;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.apache.flink.api.connector.sink2.Committer;
import org.apache.flink.connector.kafka.sink.KafkaCommittable;
import org.apache.flink.metrics.Counter;
import org.apache.kafka.common.errors.ProducerFencedException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits transactions of dead letters with Flink's committer. A commit that Kafka refuses, because a right was taken away after the letters were
 * written, is counted and logged ({@code continue}) or ends the job ({@code stop}); Flink's committer alone would restart the job for ever.
 *
 * <p>One thread, the task thread.
 */
final class DeadLetterCommitter implements Committer<KafkaCommittable> {

    private static final Logger LOG = LoggerFactory.getLogger(DeadLetterCommitter.class);

    private final Committer<KafkaCommittable> committer;
    private final DeadLetterSink.Options options;
    private final Counter notCommitted;

    /**
     * @param committer Flink's
     * @param notCommitted counts transactions that Kafka did not commit
     */
    DeadLetterCommitter(Committer<KafkaCommittable> committer, DeadLetterSink.Options options, Counter notCommitted) {
        this.committer = committer;
        this.options = options;
        this.notCommitted = notCommitted;
    }

    @Override
    public void commit(Collection<CommitRequest<KafkaCommittable>> requests) throws IOException, InterruptedException {
        List<CommitRequest<KafkaCommittable>> guarded = new ArrayList<>();
        requests.forEach(request -> guarded.add(new GuardedRequest(request)));
        committer.commit(guarded);
    }

    @Override
    public void close() throws Exception {
        committer.close();
    }

    private final class GuardedRequest implements CommitRequest<KafkaCommittable> {
        private final CommitRequest<KafkaCommittable> request;

        private GuardedRequest(CommitRequest<KafkaCommittable> request) {
            this.request = request;
        }

        @Override
        public KafkaCommittable getCommittable() {
            return request.getCommittable();
        }

        @Override
        public int getNumberOfRetries() {
            return request.getNumberOfRetries();
        }

        @Override
        public void signalFailedWithKnownReason(Throwable failure) {
            // Transactional ids are used again, so one that was committed before a failure may be fenced when it is committed again.
            if (!(failure instanceof ProducerFencedException)) {
                notCommitted.inc();
            }
            request.signalFailedWithKnownReason(failure);
        }

        @Override
        public void signalFailedWithUnknownReason(Throwable failure) {
            if (DeadLetterTrouble.kind(failure) != DeadLetterTrouble.Kind.REFUSED) {
                request.signalFailedWithUnknownReason(failure);
                return;
            }
            String why = "Kafka refuses to commit dead letters that were written to topic " + options.topic() + " (transaction "
                    + getCommittable().getTransactionalId() + "): " + failure.getMessage();
            if (options.onFailure() == DeadLetterSink.OnFailure.STOP) {
                throw new IllegalStateException(DeadLetterRefusedException.stopped(why, failure));
            }
            notCommitted.inc();
            LOG.error("{}. Their messages are still in their own topics; grant WRITE on the topic and on transactional ids that begin with {}", why,
                    options.transactionPrefix(), failure);
            request.signalFailedWithKnownReason(failure);
        }

        @Override
        public void retryLater() {
            request.retryLater();
        }

        @Override
        public void updateAndRetryLater(KafkaCommittable committable) {
            request.updateAndRetryLater(committable);
        }

        @Override
        public void signalAlreadyCommitted() {
            request.signalAlreadyCommitted();
        }
    }
}
