package io.qaexchange.state;

import java.io.File;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The folders for the local files of state, as {@link LsmStateOptions#LOCAL_DIRECTORY} names them. Operators are spread over them in turn.
 *
 * <p>The names are checked where the option is read, which may be another machine; the folders themselves where a task opens its state. A
 * folder that cannot be written to is left out and reported in the log, as RocksDB's backend does, unless no other is left.
 *
 * <p>Immutable.
 *
 * @param folders absolute paths; none for the working folder of the TaskManager
 */
record LocalDirectories(List<String> folders) implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final Logger LOG = LoggerFactory.getLogger(LocalDirectories.class);
    private static final String KEY = LsmStateOptions.LOCAL_DIRECTORY.key();
    private static final String FILE = "file";

    /** The next folder of this process: the operators of all tasks take turns. */
    private static final AtomicInteger NEXT = new AtomicInteger(ThreadLocalRandom.current().nextInt(1 << 16));

    static final LocalDirectories OF_TASK_MANAGER = new LocalDirectories(List.of());

    /**
     * Reads the option: absolute folders or file: URIs, separated by commas or by the system's separator of paths.
     *
     * @throws IllegalConfigurationException names the option, its value and the wrong part of it
     */
    static LocalDirectories parse(String value) {
        List<String> folders = new ArrayList<>();
        for (String part : split(value)) {
            String folder = folder(part, value);
            if (!folders.contains(folder)) {
                folders.add(folder);
            }
        }
        return new LocalDirectories(List.copyOf(folders));
    }

    /** The colon after the scheme of a URI separates nothing. */
    private static List<String> split(String value) {
        List<String> parts = new ArrayList<>();
        for (String item : value.split(",", -1)) {
            List<String> pieces = new ArrayList<>(Arrays.asList(item.split(File.pathSeparator, -1)));
            while (!pieces.isEmpty()) {
                String part = pieces.remove(0);
                String name = part.strip();
                boolean isScheme = !pieces.isEmpty() && (name.equalsIgnoreCase(FILE)
                        || pieces.get(0).startsWith("//") && name.matches("[a-zA-Z][a-zA-Z0-9+.-]*"));
                parts.add(isScheme ? name + ':' + pieces.remove(0).stripTrailing() : name);
            }
        }
        return parts;
    }

    private static String folder(String part, String value) {
        if (part.isEmpty()) {
            throw invalid(value, "a name is empty");
        }
        String path = part;
        if (part.regionMatches(true, 0, FILE + ':', 0, FILE.length() + 1)) {
            path = pathOf(part, value);
        } else if (part.matches("[a-zA-Z][a-zA-Z0-9+.-]*://.*")) {
            throw invalid(value, part + " is not on this machine's file system");
        }
        try {
            Path folder = Path.of(path);
            if (!folder.isAbsolute()) {
                throw invalid(value, part + " is relative");
            }
            return folder.normalize().toString();
        } catch (InvalidPathException e) {
            throw invalid(value, part + " is not a path: " + e.getReason());
        }
    }

    private static String pathOf(String uri, String value) {
        try {
            URI parsed = new URI(uri);
            if (parsed.getRawAuthority() != null) {
                throw invalid(value, uri + " names the machine " + parsed.getRawAuthority() + "; for a folder of each machine write file:///folder");
            }
            if (parsed.getPath() == null) {
                throw invalid(value, uri + " is relative");
            }
            return parsed.getPath();
        } catch (URISyntaxException e) {
            // A path with a blank, for instance, that was not encoded: it is meant as it stands.
            return uri.substring(FILE.length() + 1).replaceFirst("^//(?=/)", "");
        }
    }

    private static IllegalConfigurationException invalid(String value, String reason) {
        return new IllegalConfigurationException(KEY + " is \"" + value + "\", it may be absolute folders or file: URIs, separated by commas: " + reason);
    }

    /**
     * A new name in the next folder that can be written to. Nothing is created there.
     *
     * @param workingFolder of the TaskManager, used if the option names no folder
     * @throws IOException names the option and what is wrong with each folder
     */
    Path next(Path workingFolder, String name) throws IOException {
        if (folders.isEmpty()) {
            return workingFolder.resolve(name);
        }
        int first = Math.floorMod(NEXT.getAndIncrement(), folders.size());
        IOException failure = null;
        for (int i = 0; i < folders.size(); i++) {
            Path folder = Path.of(folders.get((first + i) % folders.size()));
            try {
                requireWritable(folder);
                return folder.resolve(name);
            } catch (IOException e) {
                LOG.error("{}: {} cannot hold state: {}", KEY, folder, reason(folder, e));
                IOException unusable = new IOException(KEY + " names no folder that can hold state: " + folder + ": " + reason(folder, e), e);
                if (failure == null) {
                    failure = unusable;
                } else {
                    failure.addSuppressed(unusable);
                }
            }
        }
        throw failure;
    }

    private static void requireWritable(Path folder) throws IOException {
        Files.createDirectories(folder);
        Files.delete(Files.createDirectory(folder.resolve("lsm_" + UUID.randomUUID())));
    }

    private static String reason(Path folder, IOException failure) {
        for (Path at = folder; at != null; at = at.getParent()) {
            if (Files.exists(at) && !Files.isDirectory(at)) {
                return at + " is a file";
            }
        }
        String words = failure instanceof FileAlreadyExistsException ? "it exists and is not a folder" : failure.getMessage();
        return Files.isDirectory(folder) && !Files.isWritable(folder) ? "it is not writable by this process" : words;
    }
}
