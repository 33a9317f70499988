package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.ReadableConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A jar that is missing, or of another version, is named when the factory is made: not by the first checkpoint. */
class RequiredJarsTest {
    @TempDir
    Path folder;

    @Test
    void allThatIsNeededIsFound() {
        assertThatCode(() -> create(path -> true)).doesNotThrowAnyException();
    }

    @Test
    void missingEngineIsNamed() {
        assertThatThrownBy(() -> create(path -> !path.contains("storage-core"))).hasRootCauseInstanceOf(ClassNotFoundException.class)
                .cause().hasMessageContaining("needs storage-core-").hasMessageContaining("flink-statebackend-lsm-");
    }

    @Test
    void missingCodecsAreNamed() {
        assertThatThrownBy(() -> create(path -> !path.contains("aircompressor"))).hasRootCauseInstanceOf(ClassNotFoundException.class)
                .cause().hasMessageContaining("needs aircompressor-").hasMessageContaining("flink-statebackend-lsm-");
    }

    @Test
    void engineOfAnotherVersionIsRefused() throws Exception {
        Path other = engineOfVersion("0.0.9");
        assertThatThrownBy(() -> create(path -> !path.contains("storage-core"), other.toUri().toURL()))
                .cause().hasMessageContaining("needs storage-core of version").hasMessageContaining("finds version 0.0.9 in " + other);
    }

    /** The engine in a jar, with the note of the version that Maven puts into jars. */
    private Path engineOfVersion(String version) throws Exception {
        Path built = Path.of(entries(path -> path.contains("storage-core")).findFirst().orElseThrow());
        Path jar = folder.resolve("other engine.jar");
        if (Files.isDirectory(built)) {
            copyClasses(built, jar);
        } else {
            try (FileSystem files = FileSystems.newFileSystem(built)) {
                copyClasses(files.getPath("/"), jar);
            }
        }
        try (FileSystem files = FileSystems.newFileSystem(jar)) {
            Path note = files.getPath("META-INF/maven/io.qaexchange/storage-core/pom.properties");
            Files.createDirectories(note.getParent());
            Files.writeString(note, "version=" + version);
        }
        return jar;
    }

    private static void copyClasses(Path root, Path jar) throws IOException {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar)); Stream<Path> files = Files.walk(root)) {
            for (Path file : (Iterable<Path>) files.filter(each -> each.toString().endsWith(".class"))::iterator) {
                out.putNextEntry(new JarEntry(root.relativize(file).toString()));
                out.write(Files.readAllBytes(file));
            }
        }
    }

    /** Makes a backend by the factory, as Flink does, with part of this class path. */
    private static void create(Predicate<String> isThere, URL... more) throws Exception {
        List<URL> urls = new ArrayList<>(List.of(more));
        for (String path : (Iterable<String>) entries(isThere)::iterator) {
            urls.add(new File(path).toURI().toURL());
        }
        try (URLClassLoader loader = new URLClassLoader(urls.toArray(URL[]::new), ClassLoader.getPlatformClassLoader())) {
            Class<?> factory = loader.loadClass(LsmStateBackendFactory.class.getName());
            Object config = loader.loadClass(Configuration.class.getName()).getConstructor().newInstance();
            Object backend = factory.getMethod("createFromConfig", loader.loadClass(ReadableConfig.class.getName()), ClassLoader.class)
                    .invoke(factory.getConstructor().newInstance(), config, loader);
            assertThat(backend.getClass().getClassLoader()).isSameAs(loader);
        }
    }

    private static Stream<String> entries(Predicate<String> isThere) {
        return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator)).filter(isThere);
    }
}
