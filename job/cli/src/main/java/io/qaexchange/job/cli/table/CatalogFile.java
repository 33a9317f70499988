package io.qaexchange.job.cli.table;

import io.qaexchange.iceberg.OutsideCatalog;
import io.qaexchange.job.model.UsageException;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/** A file that describes a catalogue of somebody else, in which the Iceberg tables are registered too. Passwords are in it, so they are on no command line. */
public final class CatalogFile {

    /** Description of the option that names the file. */
    public static final String DESCRIPTION = "File of properties of a catalogue in which the tables are registered too: type (jdbc or rest), uri, namespace,"
            + " and what that catalogue needs, such as jdbc.user or token: docs/analytics.md.";

    private CatalogFile() {
    }

    /**
     * Reads a file.
     *
     * @throws UsageException if it cannot be read, or a property is missing or wrong
     */
    public static Map<String, String> read(Path file) {
        Properties properties = new Properties();
        try (Reader text = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            properties.load(text);
        } catch (IOException | IllegalArgumentException e) {
            throw new UsageException("file " + file + " of the catalogue cannot be read: " + e, e);
        }
        Map<String, String> all = new TreeMap<>();
        properties.stringPropertyNames().forEach(name -> all.put(name, properties.getProperty(name).strip()));
        try {
            OutsideCatalog.requireValid(all);
        } catch (IllegalArgumentException e) {
            throw new UsageException("file " + file + ": " + e.getMessage(), e);
        }
        return all;
    }
}
