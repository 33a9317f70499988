package io.qaexchange.state;

import java.io.IOException;
import java.io.InputStream;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import java.util.jar.JarFile;
import java.util.zip.ZipEntry;
import javax.annotation.Nullable;
import org.apache.flink.configuration.IllegalConfigurationException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Checks that the engine and its codecs are on the class path, and that they are the versions that this backend was built with. Called
 * before anything else, when a job is submitted and when a task opens its state: a missing jar would otherwise be found by the first
 * checkpoint, which restarts the job for ever.
 *
 * <p>Sees no class of the engine itself. Thread-safe.
 */
final class RequiredJars {
    private static final Logger LOG = LoggerFactory.getLogger(RequiredJars.class);
    private static final String ENGINE = "io.qaexchange.storage.engine.LsmStore";

    /** Whether all was found once: a class loader finds the same again. */
    private static volatile boolean found;

    /**
     * A jar.
     *
     * @param name without version
     * @param group of its Maven coordinates
     * @param classes that have to be in it
     */
    private record Jar(String name, String group, List<String> classes) {
    }

    // The build of the flat jar writes the names of the codecs' classes anew, as it does their packages.
    private static final List<Jar> JARS = List.of(
            new Jar("storage-core", "io.qaexchange", List.of(ENGINE, "io.qaexchange.storage.Store", "io.qaexchange.storage.vfs.NioVfs")),
            new Jar("aircompressor", "io.airlift", List.of("io.airlift.compress.lz4.Lz4Compressor", "io.airlift.compress.zstd.ZstdDecompressor")));

    private RequiredJars() {
    }

    /** @throws IllegalConfigurationException names the jar that is missing or of another version, and says what to do */
    static void check() {
        if (found) {
            return;
        }
        Properties versions = versions();
        for (Jar jar : JARS) {
            check(jar, versions);
        }
        warnOfSecondEngine();
        found = true;
    }

    private static void check(Jar jar, Properties versions) {
        String wanted = versions.getProperty(jar.name);
        for (String name : jar.classes) {
            Class<?> type;
            try {
                type = Class.forName(name, false, RequiredJars.class.getClassLoader());
            } catch (ClassNotFoundException | LinkageError e) {
                throw new IllegalConfigurationException("the state backend " + versions.getProperty("backend") + " needs " + jar.name + '-'
                        + wanted + ".jar, which is missing or damaged: class " + name + " was not found. " + advice(versions), e);
            }
            String version = versionOf(type, jar);
            if (version != null && wanted != null && !version.equals(wanted)) {
                throw new IllegalConfigurationException("the state backend " + versions.getProperty("backend") + " needs " + jar.name
                        + " of version " + wanted + ", and finds version " + version + " in " + place(type) + ". " + advice(versions));
            }
        }
    }

    private static String advice(Properties versions) {
        return "Put flink-statebackend-lsm-" + versions.getProperty("backend") + ".jar, which has all that is needed in it, into Flink's lib folder"
                + " or into the job's jar, in one of the two places, and remove other jars of the backend";
    }

    /** Without values where the build did not fill them in. */
    private static Properties versions() {
        Properties versions = new Properties();
        try (InputStream in = RequiredJars.class.getResourceAsStream("versions.properties")) {
            if (in != null) {
                versions.load(in);
            }
        } catch (IOException e) {
            LOG.warn("the versions that the state backend was built with cannot be read, and are not compared", e);
        }
        versions.values().removeIf(value -> value.toString().startsWith("${"));
        return versions;
    }

    /** The version that Maven wrote into the jar; null for a folder of classes, or a jar of another build tool. */
    @Nullable
    private static String versionOf(Class<?> type, Jar jar) {
        Path place = place(type);
        if (place == null || !Files.isRegularFile(place)) {
            return null;
        }
        try (JarFile file = new JarFile(place.toFile())) {
            ZipEntry note = file.getEntry("META-INF/maven/" + jar.group + '/' + jar.name + "/pom.properties");
            if (note == null) {
                return null;
            }
            Properties maven = new Properties();
            try (InputStream in = file.getInputStream(note)) {
                maven.load(in);
            }
            return maven.getProperty("version");
        } catch (IOException e) {
            LOG.warn("{} does not tell its version", place, e);
            return null;
        }
    }

    /** The jar or folder that a class is from; null if it is from no file. */
    @Nullable
    private static Path place(Class<?> type) {
        CodeSource source = type.getProtectionDomain().getCodeSource();
        if (source == null || source.getLocation() == null || !"file".equals(source.getLocation().getProtocol())) {
            return null;
        }
        try {
            return Path.of(source.getLocation().toURI());
        } catch (URISyntaxException e) {
            // A loader that does not encode names, with a blank in one.
            return Path.of(source.getLocation().getPath());
        }
    }

    /** Two engines on one class path: which of them is used depends on the order of the jars. */
    private static void warnOfSecondEngine() {
        try {
            List<URL> places = Collections.list(RequiredJars.class.getClassLoader().getResources(ENGINE.replace('.', '/') + ".class"));
            if (places.size() > 1) {
                LOG.warn("the engine of the state backend is on the class path more than once: {}; leave one of them", places);
            }
        } catch (IOException e) {
            LOG.debug("the class path cannot be listed", e);
        }
    }
}
