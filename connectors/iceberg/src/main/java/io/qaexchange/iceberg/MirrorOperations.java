package io.qaexchange.iceberg;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.annotation.Nullable;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.LocationProviders;
import org.apache.iceberg.TableMetadata;
import org.apache.iceberg.TableMetadataParser;
import org.apache.iceberg.TableOperations;
import org.apache.iceberg.exceptions.CommitFailedException;
import org.apache.iceberg.exceptions.CommitStateUnknownException;
import org.apache.iceberg.io.FileIO;
import org.apache.iceberg.io.LocationProvider;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The versions of one table's metadata, in the layout that Iceberg's readers of folders know ({@code type=hadoop}).
 *
 * <p>A version is created if it is absent. {@link #refresh} returns the version that was loaded, and does not look for a newer one: Iceberg would
 * put our changes on top of it, whoever made it. So a commit of somebody else makes ours fail.
 *
 * <p>The version hint is written by {@link #writeHint} after the commit. It may be behind: readers look for newer versions from there on.
 *
 * <p>One thread.
 */
final class MirrorOperations implements TableOperations {

    static final String METADATA_FOLDER = "metadata";
    static final String HINT = "version-hint.text";

    private static final Logger LOG = LoggerFactory.getLogger(MirrorOperations.class);
    private static final Pattern VERSION = Pattern.compile("v([0-9]{1,9})\\.metadata\\.json");

    private final MirrorFiles files;
    private final MirrorFileIO io;
    private final String location;

    private TableMetadata current;
    private int version;

    private MirrorOperations(MirrorFiles files, String location) {
        this.files = files;
        this.io = new MirrorFileIO(files);
        this.location = location;
    }

    /** The newest version of the table in that folder, which need not exist. */
    static MirrorOperations load(MirrorFiles files, String location) throws IOException {
        MirrorOperations operations = new MirrorOperations(files, location);
        operations.version = operations.newestVersion();
        if (operations.version > 0) {
            operations.current = operations.read(operations.version);
        }
        return operations;
    }

    private TableMetadata read(int someVersion) throws IOException {
        String file = fileOf(someVersion);
        try {
            return TableMetadataParser.fromJson(file, new String(files.read(file), StandardCharsets.UTF_8));
        } catch (RuntimeException e) {
            throw new IOException("table metadata " + file + " cannot be read: " + e.getMessage() + ". Nothing was changed. bin/table repair puts it aside and makes the"
                    + " table anew", e);
        }
    }

    /** Whether another version is the newest now. */
    boolean isOutdated() throws IOException {
        return newestVersion() != version;
    }

    private int newestVersion() throws IOException {
        return newestVersion(files, location);
    }

    /** Number of the newest metadata version of the table in that folder; 0 if there is no table. */
    static int newestVersion(MirrorFiles files, String location) throws IOException {
        int newest = 0;
        for (String name : files.list(location + "/" + METADATA_FOLDER)) {
            Matcher matcher = VERSION.matcher(name);
            newest = matcher.matches() ? Math.max(newest, Integer.parseInt(matcher.group(1))) : newest;
        }
        return newest;
    }

    /** Number of the metadata version; 0 if there is no table. */
    int version() {
        return version;
    }

    @Override
    @Nullable
    public TableMetadata current() {
        return current;
    }

    @Override
    @Nullable
    public TableMetadata refresh() {
        return current;
    }

    @Override
    public void commit(@Nullable TableMetadata base, TableMetadata metadata) {
        if (base != current) {
            throw new CommitFailedException("table %s: the change was made for another metadata version than v%d", location, version);
        }
        if (base == metadata) {
            return;
        }
        String file = fileOf(version + 1);
        String json = TableMetadataParser.toJson(metadata);
        byte[] bytes = json.getBytes(StandardCharsets.UTF_8);
        boolean created;
        try {
            created = files.createIfAbsent(file, bytes);
        } catch (IOException e) {
            created = isCreated(file, bytes, e);
            if (!created) {
                throw new CommitFailedException(e, "table %s: metadata version v%d could not be written", location, version + 1);
            }
            LOG.warn("table {}: metadata version v{} is written in spite of a failure", location, version + 1, e);
        }
        if (!created) {
            throw new ConflictException("table %s: somebody else wrote metadata version v%d; nothing was changed", location, version + 1);
        }
        requireInTime(file);
        current = TableMetadataParser.fromJson(file, json);
        version++;
        if (base != null) {
            CatalogUtil.deleteRemovedMetadataFiles(io, base, metadata);
        }
    }

    /**
     * Takes a version back that comes too late: a writer that was held up until others had written further versions, and removed old ones, creates a
     * version that no reader looks at.
     *
     * @throws ConflictException if it came too late
     */
    private void requireInTime(String file) {
        try {
            int newest = newestVersion();
            if (newest > version + 1 && read(newest).previousFiles().stream().noneMatch(entry -> entry.file().equals(file)) && files.exists(file)) {
                files.delete(file);
                throw new ConflictException("table %s: metadata version v%d came too late, others are at v%d; nothing was changed", location, version + 1, newest);
            }
        } catch (IOException e) {
            throw new CommitStateUnknownException("table " + location + ": it is not known whether metadata version v" + (version + 1) + " came in time", e);
        }
    }

    /** Whether a version is there although writing it failed. If that cannot be told, Iceberg must not remove the files that it names. */
    private boolean isCreated(String file, byte[] bytes, IOException failure) {
        try {
            return files.exists(file) && Arrays.equals(bytes, files.read(file));
        } catch (IOException e) {
            failure.addSuppressed(e);
            throw new CommitStateUnknownException("table " + location + ": it is not known whether metadata version v" + (version + 1) + " was written",
                    failure);
        }
    }

    /** Writes the version hint, unless it is right. */
    void writeHint() throws IOException {
        String file = location + "/" + METADATA_FOLDER + "/" + HINT;
        byte[] hint = Integer.toString(version).getBytes(StandardCharsets.US_ASCII);
        if (!files.exists(file) || !Arrays.equals(hint, files.read(file))) {
            files.replace(file, hint);
        }
    }

    @Override
    public FileIO io() {
        return io;
    }

    @Override
    public String metadataFileLocation(String fileName) {
        return location + "/" + METADATA_FOLDER + "/" + fileName;
    }

    @Override
    public LocationProvider locationProvider() {
        return LocationProviders.locationsFor(location, current.properties());
    }

    private String fileOf(int someVersion) {
        return fileOf(location, someVersion);
    }

    /** Where a metadata version of the table in that folder lies. */
    static String fileOf(String location, int someVersion) {
        return location + "/" + METADATA_FOLDER + "/v" + someVersion + ".metadata.json";
    }
}
