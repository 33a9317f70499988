package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.testutils.logging.LoggerAuditingExtension;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.event.Level;

/** Every option is checked before anything is done with it; one that has no effect is reported. */
class StateOptionsTest {
    @RegisterExtension
    final LoggerAuditingExtension log = new LoggerAuditingExtension(UnknownOptions.class, Level.WARN);

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "/d1,/d2 | /d1 /d2", "/d1:/d2 | /d1 /d2", "/d1 , /d2,/d1 | /d1 /d2", "file:///d3 | /d3", "file:/d3 | /d3", "FILE:///d3 | /d3",
            "file:///d1,file:///d2 | /d1 /d2", "/d1:file:/d2:/d3 | /d1 /d2 /d3", "file:///a%2Cb%3Ac | /a,b:c", "file:///a%23b | /a#b",
            "/a%20b | /a%20b", "file:///d1/../d2/ | /d2", "/[x]#ö | /[x]#ö"})
    void foldersAreReadAsRocksDbReadsThem(String value, String folders) {
        assertThat(LocalDirectories.parse(value).folders()).containsExactly(folders.split(" "));
    }

    @Test
    void blanksInNamesStay() {
        assertThat(LocalDirectories.parse("/a b").folders()).containsExactly("/a b");
        assertThat(LocalDirectories.parse("file:///a b").folders()).containsExactly("/a b");
        assertThat(LocalDirectories.parse("file:///a%20b").folders()).containsExactly("/a b");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
            "rel | rel is relative", "/d1,rel | rel is relative", "file:rel | file:rel is relative", "./d | ./d is relative", "~/d | ~/d is relative",
            "hdfs://node/d | hdfs://node/d is not on this machine's file system", "'/d1,,/d2' | a name is empty", "'' | a name is empty",
            "file://node/d | names the machine node"})
    void wrongFoldersAreRefusedWithOptionAndValue(String value, String reason) {
        Configuration config = new Configuration().set(LsmStateOptions.LOCAL_DIRECTORY, value);
        assertThatThrownBy(() -> new LsmStateBackend().configure(config, getClass().getClassLoader()))
                .isInstanceOf(IllegalConfigurationException.class)
                .hasMessageContaining("state.backend.lsm.local-directory is \"" + value + '"').hasMessageContaining(reason);
    }

    @Test
    void operatorsAreSpreadOverTheFolders() throws Exception {
        List<Path> folders = List.of(folder.resolve("d1"), folder.resolve("d2"), folder.resolve("d 3"));
        LsmStateBackend backend = backend(folders.get(0) + "," + folders.get(1).toUri() + "," + folders.get(2));
        try (TestBackend first = TestBackend.open(backend); TestBackend second = TestBackend.open(backend); TestBackend third = TestBackend.open(backend)) {
            Set<Path> used = new HashSet<>();
            for (TestBackend opened : List.of(first, second, third)) {
                used.add(((LsmKeyedStateBackend<String>) opened.keyed).store().directory().getParent());
            }
            assertThat(used).containsExactlyInAnyOrderElementsOf(folders);
        }
        for (Path each : folders) {
            try (Stream<Path> left = Files.list(each)) {
                assertThat(left).isEmpty();
            }
        }
        try (Stream<Path> made = Files.list(folder)) {
            assertThat(made).containsExactlyInAnyOrderElementsOf(folders);
        }
    }

    @Test
    void folderThatCannotBeWrittenIsLeftOut() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        LsmStateBackend backend = backend(file + "," + folder.resolve("good"));
        for (int i = 0; i < 4; i++) {
            try (TestBackend opened = TestBackend.open(backend)) {
                assertThat(((LsmKeyedStateBackend<String>) opened.keyed).store().directory()).startsWith(folder.resolve("good"));
            }
        }
    }

    @Test
    void withoutAnyGoodFolderTheTaskFailsAtItsStart() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));
        assertThatThrownBy(() -> TestBackend.open(backend(file.toString()))).isInstanceOf(IOException.class)
                .hasMessageContaining("state.backend.lsm.local-directory").hasMessageContaining(file + " is a file");
        assertThatThrownBy(() -> TestBackend.open(backend(file + "/below"))).isInstanceOf(IOException.class)
                .hasMessageContaining(file + " is a file");
        // Not writable, even for root.
        assertThatThrownBy(() -> TestBackend.open(backend("/proc/state"))).isInstanceOf(IOException.class)
                .hasMessageContaining("state.backend.lsm.local-directory").hasMessageContaining("/proc/state");
    }

    @Test
    void unknownOptionIsReportedOnceWithTheNearestKnownOne() {
        Configuration config = new Configuration();
        config.setString("state.backend.lsm.compresed-levels", "ALL");
        config.setString("state.backend.lsm.timers", "heap");
        config.setString("state.backend.rocksdb.localdir", "/d");
        new LsmStateBackendFactory().createFromConfig(config, getClass().getClassLoader());
        new LsmStateBackendFactory().createFromConfig(config, getClass().getClassLoader());
        assertThat(log.getMessages()).containsExactly("option state.backend.lsm.compresed-levels is unknown and has no effect;"
                + " the nearest known one is state.backend.lsm.compressed-levels");
    }

    @Test
    void optionWithoutEffectIsReported() {
        Configuration config = new Configuration().set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(8));
        assertThat(UnknownOptions.warnings(config)).singleElement().asString().contains("memory.fixed-per-operator has no effect while");
        assertThat(UnknownOptions.warnings(config.set(LsmStateOptions.MANAGED_MEMORY, false))).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"memory.block-cache-fraction,0.91", "memory.block-cache-fraction,-0.1", "memory.block-cache-fraction,NaN", "background-threads,0",
            "background-threads,65", "background-threads,many", "compaction-rate,1b", "compaction-rate,fast", "readers-patience,61s",
            "read-mode,fast", "compressed-levels,some", "timers,disk", "memory.managed,perhaps", "memory.fixed-per-operator,-1mb"})
    void wrongValueIsRefusedWithItsOption(String option, String value) {
        Configuration config = new Configuration();
        config.setString("state.backend.lsm." + option, value);
        assertThatThrownBy(() -> new LsmStateBackend().configure(config, getClass().getClassLoader()))
                .isInstanceOf(RuntimeException.class).hasStackTraceContaining("state.backend.lsm." + option);
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "1mb", "100mb"})
    void compactionRateIsNoneOrSensible(String rate) {
        Configuration config = new Configuration();
        config.setString("state.backend.lsm.compaction-rate", rate);
        assertThatCode(() -> new LsmStateBackend().configure(config, getClass().getClassLoader())).doesNotThrowAnyException();
    }

    private LsmStateBackend backend(String directories) {
        Configuration config = new Configuration().set(LsmStateOptions.LOCAL_DIRECTORY, directories)
                .set(LsmStateOptions.MANAGED_MEMORY, false).set(LsmStateOptions.FIXED_PER_OPERATOR, MemorySize.ofMebiBytes(4));
        return new LsmStateBackend().configure(config, getClass().getClassLoader());
    }
}
