package io.qaexchange.job.cli;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.LogEvent;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.appender.AbstractAppender;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.LoggerConfig;
import org.apache.logging.log4j.core.config.Property;

/** Everything that this process logs, ours from TRACE on and others from INFO on, until it is closed. Thread-safe. */
final class CollectedLog implements AutoCloseable {

    private static final String OURS = "io.qaexchange";

    private final LoggerContext context = (LoggerContext) LogManager.getContext(false);
    private final Lines lines = new Lines();

    private static final class Lines extends AbstractAppender {
        private final StringBuffer text = new StringBuffer();

        Lines() {
            super("collected", null, null, true, Property.EMPTY_ARRAY);
        }

        @Override
        public void append(LogEvent event) {
            StringWriter line = new StringWriter();
            line.append(event.getLoggerName()).append(' ').append(event.getContextData().toString()).append(' ').append(event.getMessage().getFormattedMessage()).append('\n');
            if (event.getThrown() != null) {
                event.getThrown().printStackTrace(new PrintWriter(line, true));
            }
            text.append(line);
        }
    }

    private CollectedLog() {
        lines.start();
        Configuration configuration = context.getConfiguration();
        LoggerConfig ours = new LoggerConfig(OURS, Level.TRACE, true);
        configuration.addLogger(OURS, ours);
        configuration.getRootLogger().addAppender(lines, Level.TRACE, null);
        if (configuration.getRootLogger().getLevel().isMoreSpecificThan(Level.WARN)) {
            configuration.getRootLogger().setLevel(Level.INFO);
        }
        context.updateLoggers();
    }

    static CollectedLog start() {
        return new CollectedLog();
    }

    String text() {
        return lines.text.toString();
    }

    /** Whether one line has all these parts. */
    boolean has(String... parts) {
        return text().lines().anyMatch(line -> {
            for (String part : parts) {
                if (!line.contains(part)) {
                    return false;
                }
            }
            return true;
        });
    }

    @Override
    public void close() {
        context.getConfiguration().getRootLogger().removeAppender(lines.getName());
        context.getConfiguration().removeLogger(OURS);
        context.updateLoggers();
    }
}
