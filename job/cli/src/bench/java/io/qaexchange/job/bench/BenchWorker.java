package io.qaexchange.job.bench;

import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A process of its own for the runs of one contender, as a TaskManager of a cluster has one backend: its compiled code is not that of the
 * others, and what it compiled in runs that do not count is there for those that do. It waits while the others run.
 *
 * <p>Asked by a word on its standard input, {@value #FROM_MEMORY} or {@value #FROM_KAFKA}; answers with a {@link JobRuns.Run} on its standard
 * output, both as Java objects. One thread.
 */
final class BenchWorker implements AutoCloseable {

    static final String FROM_MEMORY = "memory";
    static final String FROM_KAFKA = "kafka";
    private static final long EXIT_TIMEOUT_S = 30;

    private final Process process;
    private final ObjectOutputStream questions;
    private final ObjectInputStream answers;

    private BenchWorker(Process process, ObjectOutputStream questions, ObjectInputStream answers) {
        this.process = process;
        this.questions = questions;
        this.answers = answers;
    }

    /**
     * Starts the process of a contender; returns when its messages are there.
     *
     * @param folder a new one for its runs
     * @param brokers for dead letters, and for input from Kafka
     */
    static BenchWorker start(String contender, int messages, int parallelism, Path folder, String brokers) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), BenchWorker.class.getName(), contender,
                Integer.toString(messages), Integer.toString(parallelism), Files.createDirectories(folder).toString(), brokers));
        Process process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        ObjectOutputStream questions = new ObjectOutputStream(process.getOutputStream());
        questions.flush();
        return new BenchWorker(process, questions, new ObjectInputStream(process.getInputStream()));
    }

    /**
     * Lets it run once.
     *
     * @param source {@link #FROM_MEMORY} or {@link #FROM_KAFKA}
     * @throws IOException if it failed, which it has told on standard error
     */
    JobRuns.Run run(String source) throws IOException, ClassNotFoundException {
        questions.writeObject(source);
        questions.flush();
        return (JobRuns.Run) answers.readObject();
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(EXIT_TIMEOUT_S, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    /** The process itself; ends when its standard input does, or at the first failure. */
    public static void main(String[] args) throws Exception {
        OutputStream out = System.out;
        System.setOut(new PrintStream(System.err, true));
        String contender = args[0];
        BenchMessages.generate(Integer.parseInt(args[1]), Integer.parseInt(args[2]));
        JobRuns runs = new JobRuns(Path.of(args[3]), Integer.parseInt(args[2]), args[4]);
        ObjectOutputStream answers = new ObjectOutputStream(out);
        answers.flush();
        ObjectInputStream questions = new ObjectInputStream(System.in);
        try {
            while (true) {
                String source = (String) questions.readObject();
                answers.writeObject(source.equals(FROM_MEMORY) ? runs.fromMemory(contender) : runs.fromKafka(contender));
                answers.flush();
            }
        } catch (java.io.EOFException e) {
            System.exit(0);
        } catch (Exception e) {
            e.printStackTrace();
            System.exit(1);
        }
    }
}
