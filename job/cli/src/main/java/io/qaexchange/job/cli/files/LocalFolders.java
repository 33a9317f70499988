package io.qaexchange.job.cli.files;

import io.qaexchange.job.query.NearNames;
import io.qaexchange.job.stream.JobOptions;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.annotation.Nullable;

/** Folders that commands read and write, whatever they are called. Stateless. */
public final class LocalFolders {

    /** The file that makes a folder a checkpoint or savepoint. */
    public static final String METADATA = "_metadata";

    private static final String CHECKPOINT = "chk-";
    private static final int LIST_ATTEMPTS = 20;
    private static final Pattern FILE_URI = Pattern.compile("^file:(//)?(?=/)");
    private static final Pattern REMOTE = Pattern.compile("^[A-Za-z][A-Za-z0-9+.-]+://");
    private static final Pattern LIST_SEPARATORS = Pattern.compile(",|" + Pattern.quote(File.pathSeparator));
    private static final int SNAPSHOT_DEPTH = 3;

    private LocalFolders() {
    }

    /** The local folder that a text names, or null if it names a remote one. */
    @Nullable
    public static Path find(String text) {
        if (!text.startsWith("file:/")) {
            return REMOTE.matcher(text).find() ? null : Path.of(text).toAbsolutePath().normalize();
        }
        Path plain = Path.of(FILE_URI.matcher(text).replaceFirst(""));
        if (Files.exists(plain)) {
            return plain;
        }
        // Flink writes no escapes, others do.
        try {
            Path decoded = Path.of(URI.create(text).getPath());
            return Files.exists(decoded) ? decoded : plain;
        } catch (IllegalArgumentException e) {
            return plain;
        }
    }

    /** The text by which Flink opens a local folder. One whose name it cannot have is opened by a link. */
    public static String forFlink(Path folder) throws IOException {
        Path absolute = folder.toAbsolutePath().normalize();
        if (File.separatorChar != '/' || absolute.toString().indexOf('\\') < 0) {
            return JobOptions.folderUri(absolute);
        }
        return JobOptions.folderUri(Files.createSymbolicLink(Files.createTempDirectory("folder").resolve("link"), absolute));
    }

    /**
     * The path of a folder as an entry of a list, such as {@code io.tmp.dirs}, which Flink splits at commas and at the path separator. A folder
     * whose path has one of them is named by a link in the machine's temporary folder, always the same for one folder.
     */
    public static Path inList(Path folder) throws IOException {
        Path absolute = folder.toAbsolutePath().normalize();
        if (LIST_SEPARATORS.matcher(absolute.toString()).find()) {
            String temporary = System.getenv("TMPDIR");
            Path link = Path.of(temporary == null || LIST_SEPARATORS.matcher(temporary).find() ? "/tmp" : temporary)
                    .resolve("qaexchange-link-" + UUID.nameUUIDFromBytes(absolute.toString().getBytes(StandardCharsets.UTF_8)));
            if (!Files.isSymbolicLink(link)) {
                Files.createSymbolicLink(link, absolute);
            }
            if (!Files.readSymbolicLink(link).equals(absolute)) {
                throw new IOException("link " + link + " leads to " + Files.readSymbolicLink(link) + ", not to " + absolute + ": remove it");
            }
            return link;
        }
        return absolute;
    }

    /** Folders of complete checkpoints and savepoints below some folders, the newest first. Others may delete some meanwhile. */
    public static List<Path> snapshots(Path... parents) throws IOException {
        for (int attempt = 1;; attempt++) {
            boolean[] begun = new boolean[1];
            List<Path> found = snapshots(begun, parents);
            // The job may have deleted each folder between the listing and the look into it, and completed others since.
            if (!found.isEmpty() || !begun[0] || attempt == LIST_ATTEMPTS) {
                return found;
            }
        }
    }

    /** @param begun whether there is a folder of a checkpoint, complete or not */
    private static List<Path> snapshots(boolean[] begun, Path... parents) throws IOException {
        record Snapshot(Path folder, FileTime time) {
        }
        List<Snapshot> found = new ArrayList<>();
        for (Path parent : parents) {
            Files.walkFileTree(parent, EnumSet.noneOf(java.nio.file.FileVisitOption.class), SNAPSHOT_DEPTH, new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    begun[0] |= folder.getFileName() != null && folder.getFileName().toString().startsWith(CHECKPOINT);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    if (file.getFileName().toString().equals(METADATA)) {
                        found.add(new Snapshot(file.getParent(), attributes.lastModifiedTime()));
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                    if (Files.exists(file)) {
                        throw e;
                    }
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
                    if (e != null && Files.exists(folder)) {
                        throw e;
                    }
                    return FileVisitResult.CONTINUE;
                }
            });
        }
        return found.stream().sorted(Comparator.comparing(Snapshot::time).reversed()).map(Snapshot::folder).toList();
    }

    /** The end of a message about a folder that is not there: names beside it that may be meant. */
    public static String hint(Path missing) {
        Path parent = missing.toAbsolutePath().normalize().getParent();
        while (parent != null && !Files.isDirectory(parent)) {
            missing = parent;
            parent = parent.getParent();
        }
        if (parent == null || missing.getFileName() == null) {
            return "";
        }
        try (Stream<Path> entries = Files.list(parent)) {
            Path in = parent;
            List<String> names = entries.filter(Files::isDirectory).map(entry -> entry.getFileName().toString()).toList();
            List<String> near = NearNames.of(missing.getFileName().toString(), names);
            return near.isEmpty() ? "" : "; did you mean " + String.join(" or ", near.stream().map(name -> in.resolve(name).toString()).toList()) + "?";
        } catch (IOException e) {
            // Only the hint is lost; the message about the folder stands.
            return "";
        }
    }
}
