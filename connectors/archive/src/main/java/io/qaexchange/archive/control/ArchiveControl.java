package io.qaexchange.archive.control;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.NewFile;
import io.qaexchange.archive.objects.NewFolder;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.time.Clock;
import java.util.UUID;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.FSDataInputStream;
import org.apache.flink.core.fs.FSDataOutputStream;
import org.apache.flink.core.fs.FileSystem;
import org.apache.flink.core.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pauses and resumes archiving, and asks for it now. Requests are files in the archive's folder, so they outlive servers and jobs, and the job needs no
 * port for them: each of its subtasks looks every few seconds.
 *
 * <p>A pause ends no round that runs, and stops neither ingestion nor queries: rows stay hot. Each call may be repeated.
 *
 * <p>Thread-safe: has no state of its own.
 */
public final class ArchiveControl {

    /** Folder of the requests. */
    public static final String FOLDER = "_control";
    private static final Logger LOG = LoggerFactory.getLogger(ArchiveControl.class);
    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path paused;
    private final Path now;

    private ArchiveControl(Path folder) {
        this.paused = new Path(folder, "paused");
        this.now = new Path(folder, "now");
    }

    /** The requests of an archive. */
    public static ArchiveControl of(ManifestStore store) {
        return new ArchiveControl(new Path(store.root(), FOLDER));
    }

    /**
     * A request.
     *
     * @param id its name
     * @param by who
     * @param atMs when, ms since 1970
     * @param reason why; empty if nobody said
     * @param request name of the call that asked, by which the logs of server and job name what follows
     */
    public record Request(String id, String by, long atMs, String reason, String request) {
    }

    /**
     * The requests of operators.
     *
     * @param paused the pause; null if archiving goes on
     * @param now the last request to archive now; null if there was none
     */
    public record State(@Nullable Request paused, @Nullable Request now) {
        /** Nothing was asked. */
        public static final State NONE = new State(null, null);
    }

    /** The requests as they are now. */
    public State read() throws IOException {
        return new State(read(paused), read(now));
    }

    /**
     * Pauses archiving: subtasks begin no round.
     *
     * @param request name of the call that asks
     * @return false if it is paused already; that pause stays as it is
     */
    public boolean pause(String by, String reason, String request, Clock clock) throws IOException {
        NewFolder.make(paused.getParent());
        return NewFile.create(paused, JSON.writeValueAsBytes(new Request(UUID.randomUUID().toString(), by, clock.millis(), reason, request)));
    }

    /**
     * Ends the pause.
     *
     * @return false if there is none
     */
    public boolean resume() throws IOException {
        FileSystem fileSystem = paused.getFileSystem();
        return fileSystem.exists(paused) && fileSystem.delete(paused, false);
    }

    /**
     * Asks each subtask for a round over all rows that have aged, however few they are.
     *
     * @param request name of the call that asks
     */
    public Request archiveNow(String by, String request, Clock clock) throws IOException {
        Request asked = new Request(UUID.randomUUID().toString(), by, clock.millis(), "", request);
        write(now, asked);
        return asked;
    }

    /** In one step: an object store puts an object whole or not at all; elsewhere a file is written beside and renamed. */
    private static void write(Path file, Request request) throws IOException {
        NewFolder.make(file.getParent());
        FileSystem fileSystem = file.getFileSystem();
        Path written = fileSystem.isDistributedFS() ? file : new Path(file.getParent(), "." + request.id());
        try {
            try (FSDataOutputStream out = fileSystem.create(written, FileSystem.WriteMode.OVERWRITE)) {
                out.write(JSON.writeValueAsBytes(request));
                out.sync();
            }
            if (!written.equals(file) && !fileSystem.rename(written, file)) {
                throw new IOException("it could not be renamed from " + written);
            }
        } catch (IOException e) {
            throw new IOException("request " + file + " could not be written: " + e.getMessage(), e);
        } finally {
            if (!written.equals(file) && fileSystem.exists(written)) {
                fileSystem.delete(written, false);
            }
        }
    }

    @Nullable
    private static Request read(Path file) throws IOException {
        byte[] bytes;
        FileSystem fileSystem = file.getFileSystem();
        if (!fileSystem.exists(file)) {
            return null;
        }
        try (FSDataInputStream in = fileSystem.open(file)) {
            bytes = in.readAllBytes();
        } catch (FileNotFoundException | NoSuchFileException e) {
            LOG.debug("request {} was taken back just now", file, e);
            return null;
        }
        try {
            JsonNode request = JSON.readTree(bytes);
            String id = request.path("id").asText();
            // An older server gave no name.
            return new Request(id, request.path("by").asText(), request.path("atMs").asLong(), request.path("reason").asText(), request.path("request").asText(id));
        } catch (JsonProcessingException e) {
            // It is being written: that there is a pause is known, who asked is told at the next look.
            LOG.debug("request {} is being written", file, e);
            return new Request("", "", 0, "", "");
        }
    }
}
