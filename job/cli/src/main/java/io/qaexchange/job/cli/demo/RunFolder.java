package io.qaexchange.job.cli.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.qaexchange.job.cli.Tool;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The file {@code run.json}, which a demo leaves in its folder for the other commands; paths are relative to the folder.
 *
 * @param seed seed of the generator
 * @param messages messages that it made
 * @param backend state backend
 * @param archive the archive's folder
 * @param savepoint the savepoint at which the job stopped
 * @param instruments instruments file
 */
public record RunFolder(long seed, long messages, String backend, String archive, String savepoint, String instruments) {

    public static final String FILE = "run.json";
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

    /** Reads the folder's file. */
    public static RunFolder read(Path folder) {
        Path file = folder.resolve(FILE);
        if (!Files.exists(file)) {
            throw new UsageException(folder + " is not the folder of a demo: it has no " + FILE + ". Run bin/demo --dir " + Tool.shellWord(folder)
                    + " first, or give --checkpoint and --parquet");
        }
        try {
            return JSON.readValue(file.toFile(), RunFolder.class);
        } catch (IOException e) {
            throw new UsageException(file + " cannot be read: " + e.getMessage(), e);
        }
    }

    void write(Path folder) throws IOException {
        JSON.writeValue(folder.resolve(FILE).toFile(), this);
    }
}
