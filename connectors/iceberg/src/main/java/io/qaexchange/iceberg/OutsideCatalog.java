package io.qaexchange.iceberg;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import javax.annotation.Nullable;
import org.apache.iceberg.CatalogProperties;
import org.apache.iceberg.HasTableOperations;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Snapshot;
import org.apache.iceberg.SnapshotRef;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.Namespace;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.NotFoundException;
import org.apache.iceberg.exceptions.ServiceFailureException;
import org.apache.iceberg.jdbc.JdbcCatalog;
import org.apache.iceberg.rest.RESTCatalog;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers the mirror's tables in a catalogue of somebody else, JDBC or REST, and keeps them up to date there.
 *
 * <p>The catalogue has metadata of its own for each table, with the same identity and the same snapshots. {@link #register} commits what it lacks, on the
 * metadata that it has: if somebody else commits at the same time, one of the two fails and looks again. Properties, tags and branches that others
 * set stay. A snapshot that others committed is refused, as the archive manifest decides; {@link #repair} keeps it as a table of its own.
 *
 * <p>One thread.
 */
public final class OutsideCatalog implements AutoCloseable {

    /** Property: {@code jdbc} or {@code rest}. */
    public static final String TYPE = "type";
    /** Property: namespace of the tables. */
    public static final String NAMESPACE = "namespace";
    /** Property: seconds after which an answer is not waited for any more. */
    public static final String TIMEOUT = "timeout-seconds";

    private static final Logger LOG = LoggerFactory.getLogger(OutsideCatalog.class);
    private static final String NAME = "qaexchange";
    private static final String DEFAULT_TIMEOUT = "60";
    private static final String JDBC = "jdbc";
    private static final String REST = "rest";
    private static final int ATTEMPTS = 5;

    private final String uri;
    private final Namespace namespace;
    private final long timeoutSeconds;
    private final Catalog catalog;
    private final ExecutorService asking;

    private OutsideCatalog(String uri, Namespace namespace, long timeoutSeconds, Catalog catalog, ExecutorService asking) {
        this.uri = uri;
        this.namespace = namespace;
        this.timeoutSeconds = timeoutSeconds;
        this.catalog = catalog;
        this.asking = asking;
    }

    /**
     * Connects to a catalogue.
     *
     * @param properties {@code type} (jdbc or rest), {@code uri}, {@code namespace} (default {@code archive}), {@code timeout-seconds}, and those of
     *         Iceberg's catalogues, such as {@code jdbc.user}, {@code warehouse} or {@code token}
     * @throws IllegalArgumentException if a property is missing or wrong
     * @throws IOException if it does not answer, or not as a catalogue
     */
    public static OutsideCatalog open(Map<String, String> properties) throws IOException {
        requireValid(properties);
        Map<String, String> all = new HashMap<>(properties);
        boolean isJdbc = all.get(TYPE).equals(JDBC);
        String uri = all.get(CatalogProperties.URI);
        Namespace namespace = Namespace.of(all.getOrDefault(NAMESPACE, "archive").split("\\."));
        long timeoutSeconds = seconds(all.getOrDefault(TIMEOUT, DEFAULT_TIMEOUT));
        Catalog catalog = isJdbc ? new JdbcCatalog(none -> new MirrorFileIO(new FlinkFiles()), null, true) : new RESTCatalog();
        if (isJdbc) {
            // The tables have locations of their own; the catalogue wants to know one for others.
            all.putIfAbsent(CatalogProperties.WAREHOUSE_LOCATION, "file:///nonexistent");
        } else {
            all.put(CatalogProperties.FILE_IO_IMPL, MirrorFileIO.class.getName());
        }
        ExecutorService asking = Executors.newSingleThreadExecutor(task -> {
            Thread thread = new Thread(task, "asks the outside catalogue");
            thread.setDaemon(true);
            return thread;
        });
        OutsideCatalog opened = new OutsideCatalog(uri, namespace, timeoutSeconds, catalog, asking);
        boolean good = false;
        try {
            opened.ask(() -> {
                catalog.initialize(NAME, all);
                return catalog;
            });
            good = true;
            return opened;
        } finally {
            if (!good) {
                asking.shutdownNow();
            }
        }
    }

    /**
     * Checks what can be checked without asking the catalogue.
     *
     * @param properties as for {@link #open}
     * @throws IllegalArgumentException if a property is missing or wrong
     */
    public static void requireValid(Map<String, String> properties) {
        String type = required(properties, TYPE);
        required(properties, CatalogProperties.URI);
        if (!type.equals(JDBC) && !type.equals(REST)) {
            throw new IllegalArgumentException("type " + type + " of the catalogue is neither " + JDBC + " nor " + REST);
        }
        seconds(properties.getOrDefault(TIMEOUT, DEFAULT_TIMEOUT));
    }

    private static String required(Map<String, String> properties, String name) {
        String value = properties.get(name);
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException("the catalogue has no property " + name);
        }
        return value;
    }

    private static long seconds(String text) {
        try {
            long seconds = Long.parseLong(text);
            if (seconds > 0) {
                return seconds;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(TIMEOUT + " of the catalogue is no number: " + text, e);
        }
        throw new IllegalArgumentException(TIMEOUT + " of the catalogue must be positive: " + text);
    }

    /** A question to the catalogue. */
    private interface Question<T> {
        T ask() throws IOException;
    }

    /** Asks in another thread, which is left behind if no answer comes. */
    private <T> T ask(Question<T> question) throws IOException {
        try {
            return asking.submit(question::ask).get(timeoutSeconds, TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            throw new IOException("catalogue " + uri + " did not answer within " + timeoutSeconds + " s; what it lacks then comes with the next try", e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException failed) {
                throw failed;
            }
            throw new IOException("catalogue " + uri + " refuses or cannot be reached: " + reason(e.getCause()), e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while asking catalogue " + uri, e);
        }
    }

    private static String reason(Throwable failure) {
        Throwable deepest = failure;
        while (deepest.getCause() != null && deepest.getCause() != deepest) {
            deepest = deepest.getCause();
        }
        return deepest == failure || String.valueOf(failure.getMessage()).contains(String.valueOf(deepest.getMessage())) ? String.valueOf(failure.getMessage())
                : failure.getMessage() + ": " + deepest.getMessage();
    }

    /**
     * Brings the tables of the catalogue to those of the mirror. Repeating it changes nothing.
     *
     * @return what was done, one line each
     * @throws ForeignCommitException if a table there was changed by somebody else, or is another one; nothing of it was changed
     */
    public List<String> register(IcebergMirror mirror) throws IOException {
        List<String> done = new ArrayList<>();
        for (String name : mirror.tables()) {
            TableMetadata ours = mirror.metadata(name);
            String line = ask(() -> register(name, ours));
            if (line != null) {
                done.add(line);
            }
        }
        return done;
    }

    @Nullable
    private String register(String name, TableMetadata ours) throws IOException {
        TableIdentifier id = TableIdentifier.of(namespace, name);
        for (int attempt = 1;; attempt++) {
            try {
                return catalog.tableExists(id) ? update(id, ours) : create(id, ours);
            } catch (NotFoundException e) {
                // The catalogue was away while the mirror went on, or the table was made anew: its metadata there has left, for everybody.
                LOG.info("table {} of catalogue {} has lost its metadata", id, uri, e);
                return anew(id, ours);
            } catch (CommitFailedException | AlreadyExistsException e) {
                if (attempt == ATTEMPTS) {
                    throw new IOException("table " + id + " of catalogue " + uri + " could not be changed in " + ATTEMPTS + " attempts: " + e.getMessage(), e);
                }
                LOG.info("table {}: somebody else was faster in catalogue {}; looking again", id, uri, e);
            }
        }
    }

    private String anew(TableIdentifier id, TableMetadata ours) {
        catalog.dropTable(id, false);
        catalog.registerTable(id, ours.metadataFileLocation());
        return "table " + id + " is registered anew, as its metadata was gone";
    }

    private String create(TableIdentifier id, TableMetadata ours) {
        if (catalog instanceof SupportsNamespaces namespaces && !namespaces.namespaceExists(namespace)) {
            namespaces.createNamespace(namespace);
        }
        catalog.registerTable(id, ours.metadataFileLocation());
        return "table " + id + " is registered";
    }

    @Nullable
    private String update(TableIdentifier id, TableMetadata ours) throws ForeignCommitException {
        TableOperations operations = operations(id);
        TableMetadata there = operations.current();
        String problem = problem(id, there, ours);
        if (problem != null) {
            throw new ForeignCommitException(problem);
        }
        TableMetadata next = difference(there, ours);
        if (next.changes().isEmpty()) {
            return null;
        }
        operations.commit(there, next);
        return "table " + id + " is at archive manifest version " + ForeignChanges.versionOf(ours.currentSnapshot());
    }

    private TableOperations operations(TableIdentifier id) {
        return ((HasTableOperations) catalog.loadTable(id)).operations();
    }

    /** Why a table of the catalogue is not ours any more; null if it is. */
    @Nullable
    private String problem(TableIdentifier id, TableMetadata there, TableMetadata ours) {
        return problem("table " + id + " of catalogue " + uri, there, ours);
    }

    /** The same, with the name of the table for messages. */
    @Nullable
    static String problem(String table, TableMetadata there, TableMetadata ours) {
        if (!there.location().equals(ours.location())) {
            return table + " is another table, at " + there.location() + ". Nothing was changed; choose another namespace, or rename it";
        }
        if (!ours.uuid().equals(there.uuid())) {
            return table + " is an older build of this table, or somebody made it. Nothing was changed. bin/table repair --catalog registers it anew";
        }
        for (Snapshot snapshot : there.snapshots()) {
            if (!ForeignChanges.isOurs(snapshot)) {
                return table + ": snapshot " + snapshot.snapshotId() + " (" + snapshot.operation() + ") was committed by somebody else; the archive manifest"
                        + " decides what is in this table. Nothing was changed. bin/table repair --catalog keeps it as a table of its own";
            }
        }
        Set<String> changed = ForeignChanges.of(there);
        if (ours.schemas().stream().anyMatch(schema -> isAnother(schema, there.schemasById().get(schema.schemaId())))) {
            changed.add("the schema");
        }
        if (!changed.isEmpty()) {
            return table + ": somebody else changed " + String.join(", ", changed) + ". Nothing was changed. bin/table repair --catalog registers it anew";
        }
        return null;
    }

    /** Whether somebody gave a schema of theirs a number that one of ours has. */
    private static boolean isAnother(Schema ours, @Nullable Schema there) {
        return there != null && !there.sameSchema(ours);
    }

    /** The metadata that the catalogue has, with all that it lacks of ours. What others added to it stays. */
    private static TableMetadata difference(TableMetadata there, TableMetadata ours) {
        TableMetadata.Builder next = TableMetadata.buildFrom(there);
        ours.schemas().stream().sorted(Comparator.comparingInt(Schema::schemaId)).filter(schema -> !there.schemasById().containsKey(schema.schemaId()))
                .forEach(next::addSchema);
        if (there.currentSchemaId() != ours.currentSchemaId()) {
            next.setCurrentSchema(ours.currentSchemaId());
        }
        Map<String, String> properties = new HashMap<>(ours.properties());
        properties.entrySet().removeAll(there.properties().entrySet());
        if (!properties.isEmpty()) {
            next.setProperties(properties);
        }
        ours.snapshots().stream().filter(snapshot -> there.snapshot(snapshot.snapshotId()) == null)
                .sorted(Comparator.comparingLong(Snapshot::sequenceNumber)).forEach(next::addSnapshot);
        ours.refs().forEach((name, ref) -> {
            if (!ref.equals(there.ref(name))) {
                next.setRef(name, ref);
            }
        });
        Set<Long> needed = new HashSet<>();
        there.refs().forEach((name, ref) -> {
            if (ours.ref(name) == null && isMirrors(name)) {
                next.removeRef(name);
            } else if (ours.ref(name) == null) {
                needed.add(ref.snapshotId());
            }
        });
        next.removeSnapshots(there.snapshots().stream().filter(snapshot -> ours.snapshot(snapshot.snapshotId()) == null && !needed.contains(snapshot.snapshotId()))
                .map(Snapshot::snapshotId).toList());
        return next.build();
    }

    private static boolean isMirrors(String ref) {
        return ref.startsWith(TableMirror.ABANDONED) || ref.equals(SnapshotRef.MAIN_BRANCH);
    }

    /**
     * Registers tables anew that somebody else changed or dropped. Their metadata stays: it is a table {@code <name>_foreign_<snapshot>} afterwards.
     *
     * @return what was done, one line each
     * @throws ForeignCommitException if a table of that name lies elsewhere: it is not ours to change
     */
    public List<String> repair(IcebergMirror mirror) throws IOException {
        List<String> done = new ArrayList<>();
        for (String name : mirror.tables()) {
            TableMetadata ours = mirror.metadata(name);
            String line = ask(() -> repair(TableIdentifier.of(namespace, name), ours));
            if (line != null) {
                done.add(line);
            }
        }
        done.addAll(register(mirror));
        return done;
    }

    @Nullable
    private String repair(TableIdentifier id, TableMetadata ours) throws ForeignCommitException {
        TableMetadata there;
        try {
            if (!catalog.tableExists(id)) {
                return null;
            }
            there = operations(id).current();
        } catch (NotFoundException | ServiceFailureException e) {
            LOG.warn("table {} of catalogue {} cannot be loaded", id, uri, e);
            return anew(id, ours);
        }
        String problem = problem(id, there, ours);
        if (problem == null) {
            return null;
        }
        if (!there.location().equals(ours.location())) {
            throw new ForeignCommitException(problem);
        }
        Snapshot head = there.currentSnapshot();
        TableIdentifier kept = TableIdentifier.of(namespace, id.name() + "_foreign_" + (head == null ? there.lastUpdatedMillis() : head.snapshotId()));
        if (!catalog.tableExists(kept)) {
            catalog.registerTable(kept, there.metadataFileLocation());
        }
        catalog.dropTable(id, false);
        catalog.registerTable(id, ours.metadataFileLocation());
        return "table " + id + " is registered anew; what somebody else made of it is table " + kept;
    }

    @Override
    public void close() throws IOException {
        asking.shutdownNow();
        if (catalog instanceof AutoCloseable closeable) {
            try {
                closeable.close();
            } catch (IOException e) {
                throw e;
            } catch (Exception e) {
                throw new IOException("catalogue " + uri + " could not be closed", e);
            }
        }
    }
}
