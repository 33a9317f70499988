package io.qaexchange.analytics;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The archive that is kept in the job's tests. */
public final class KeptArchive {

    private static final Path ARCHIVE = Path.of(System.getProperty("kept.archive", "../job/cli/src/test/resources/golden/savepoint-0.1.0/archive"));

    private KeptArchive() {
    }

    /** Copies it. */
    public static void copy(Path target) throws IOException {
        copy(target, file -> true);
    }

    /** Copies some of its files. */
    public static void copy(Path target, Predicate<Path> some) throws IOException {
        try (Stream<Path> files = Files.walk(ARCHIVE)) {
            for (Path file : files.filter(Files::isRegularFile).filter(some).toList()) {
                Path copy = target.resolve(ARCHIVE.relativize(file).toString());
                Files.createDirectories(copy.getParent());
                Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }
}
