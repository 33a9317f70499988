package io.qaexchange.kafka;

import java.io.IOException;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.flink.api.common.JobInfo;
import org.apache.flink.api.common.TaskInfo;
import org.apache.flink.api.common.operators.MailboxExecutor;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.common.serialization.SerializationSchema;
import org.apache.flink.api.common.typeutils.TypeSerializer;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.metrics.groups.SinkWriterMetricGroup;
import org.apache.flink.util.FlinkRuntimeException;
import org.apache.flink.util.UserCodeClassLoader;
import org.apache.flink.util.function.ThrowingRunnable;

/**
 * A writer's context whose mails tell of their failures: Flink's Kafka writer reports a failed send by a mail, past whoever holds the writer.
 * All else is the given context.
 */
record GuardedContext(WriterInitContext context, Function<Exception, IOException> failed) implements WriterInitContext {

    @Override
    public MailboxExecutor getMailboxExecutor() {
        MailboxExecutor mailbox = context.getMailboxExecutor();
        return new MailboxExecutor() {
            @Override
            public void execute(MailOptions options, ThrowingRunnable<? extends Exception> command, String description, Object... arguments) {
                mailbox.execute(options, () -> {
                    try {
                        command.run();
                    } catch (Exception e) {
                        throw e instanceof InterruptedException ? e : failed.apply(e);
                    }
                }, description, arguments);
            }

            @Override
            public void yield() throws InterruptedException, FlinkRuntimeException {
                mailbox.yield();
            }

            @Override
            public boolean tryYield() throws FlinkRuntimeException {
                return mailbox.tryYield();
            }

            @Override
            public boolean shouldInterrupt() {
                return mailbox.shouldInterrupt();
            }
        };
    }

    @Override
    public UserCodeClassLoader getUserCodeClassLoader() {
        return context.getUserCodeClassLoader();
    }

    @Override
    public ProcessingTimeService getProcessingTimeService() {
        return context.getProcessingTimeService();
    }

    @Override
    public SinkWriterMetricGroup metricGroup() {
        return context.metricGroup();
    }

    @Override
    public SerializationSchema.InitializationContext asSerializationSchemaInitializationContext() {
        return context.asSerializationSchemaInitializationContext();
    }

    @Override
    public boolean isObjectReuseEnabled() {
        return context.isObjectReuseEnabled();
    }

    @Override
    public <T> TypeSerializer<T> createInputSerializer() {
        return context.createInputSerializer();
    }

    @Override
    public <T> Optional<Consumer<T>> metadataConsumer() {
        return context.metadataConsumer();
    }

    @Override
    public OptionalLong getRestoredCheckpointId() {
        return context.getRestoredCheckpointId();
    }

    @Override
    public JobInfo getJobInfo() {
        return context.getJobInfo();
    }

    @Override
    public TaskInfo getTaskInfo() {
        return context.getTaskInfo();
    }
}
