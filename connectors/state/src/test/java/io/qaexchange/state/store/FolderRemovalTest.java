package io.qaexchange.state.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.flink.runtime.testutils.CommonTestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderRemovalTest {

    @TempDir
    Path root;

    @Test
    void folderIsGoneAtOnceAndItsSpaceSoonAfter() throws Exception {
        Path folder = Files.createDirectories(root.resolve("store/inner")).getParent();
        for (int i = 0; i < 4; i++) {
            Files.write(folder.resolve("inner/large-" + i), new byte[2 << 20]);
            Files.write(folder.resolve("small-" + i), new byte[10]);
        }

        FolderRemoval.remove(folder);

        assertThat(folder).doesNotExist();
        CommonTestUtils.waitUntilCondition(() -> openFilesBelow(root) == 0, 10L, 500);
    }

    @Test
    void nothingHappensWhereThereIsNoFolder() throws Exception {
        FolderRemoval.remove(root.resolve("none"));
        assertThat(root).isEmptyDirectory();
    }

    private static long openFilesBelow(Path folder) throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(file -> target(file).contains(folder.toString())).count();
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (NoSuchFileException e) {
            return "";
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
