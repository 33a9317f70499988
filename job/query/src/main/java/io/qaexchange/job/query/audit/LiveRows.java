package io.qaexchange.job.query.audit;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.ExpiredBatch;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.tier.ColdFiles;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.events.instruments.Instruments;
import io.qaexchange.job.model.live.PartitionOffset;
import io.qaexchange.job.query.hot.HotRow;
import io.qaexchange.job.query.live.LiveRead;
import io.qaexchange.job.query.live.LiveReader;
import io.qaexchange.job.query.live.ReadLevel;
import io.qaexchange.job.query.union.UnionReader;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The rows of a running job as of one Flink checkpoint, read as the query server reads them: hot rows from the subtasks, cold ones from the
 * files that the pins name. The hot rows are copied to a file first (a number of bytes, a stored event, and so on), so that the job need not
 * keep them for the time of the audit.
 */
public final class LiveRows implements AuditedRows {

    private final ColdFiles coldFiles;
    private final ReadLevel level;
    private final List<DataFile> files;
    private final List<ExpiredBatch> expired;
    private final List<Erasure> erasures;
    private final List<PartitionOffset> offsets;
    private final Instruments instruments;
    private final Path copy;
    private final long manifestVersion;
    private final Map<String, Long> rows = new HashMap<>();

    private LiveRows(ManifestStore archive, LiveRead read, Path copy) throws IOException {
        this.coldFiles = read.coldFiles(archive);
        this.level = read.level();
        this.files = read.files().stream().filter(file -> EventSchema.get().findTable(file.table()) != null).toList();
        this.expired = read.expired();
        this.erasures = read.erasures();
        this.offsets = read.offsets();
        this.instruments = read.instruments();
        this.copy = copy;
        this.manifestVersion = read.manifestVersion();
        files.forEach(file -> rows.merge(file.table(), file.rows(), Long::sum));
    }

    /** Looks at the copied rows while the job still has their checkpoint. */
    @FunctionalInterface
    public interface WhileHeld {
        void accept(LiveRows rows) throws IOException, InterruptedException;
    }

    /**
     * Copies the hot rows of the newest checkpoint that the job holds.
     *
     * @param copy the file to write
     * @param whileHeld called with the rows before their checkpoint is let go: until then others can read it too
     */
    public static LiveRows copy(LiveReader reader, Path copy, WhileHeld whileHeld) throws IOException, InterruptedException {
        try (LiveRead read = reader.open(new ReadLevel.LatestCheckpoint())) {
            LiveRows rows = copy(reader.archive(), read, copy);
            whileHeld.accept(rows);
            return rows;
        }
    }

    private static LiveRows copy(ManifestStore archive, LiveRead read, Path copy) throws IOException {
        try (DataOutputStream out = new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(copy), 1 << 16))) {
            LiveRows rows = new LiveRows(archive, read, copy);
            for (RecordType type : EventSchema.get().recordTypes()) {
                long[] count = new long[1];
                read.scan(LiveRead.Wanted.all(type), (bytes, offset, length) -> {
                    out.writeInt(length);
                    out.write(bytes, offset, length);
                    count[0]++;
                    return true;
                });
                rows.rows.merge(type.table(), count[0], Long::sum);
            }
            return rows;
        }
    }

    /** The checkpoint. */
    public ReadLevel level() {
        return level;
    }

    /** By partition the greatest offset whose event is in these rows; every event up to it is. */
    public List<PartitionOffset> offsets() {
        return offsets;
    }

    public Instruments instruments() {
        return instruments;
    }

    /** Hot and cold rows by table. */
    public Map<String, Long> rowsByTable() {
        return Map.copyOf(rows);
    }

    @Override
    public Optional<Counters> counters() {
        return Optional.empty();
    }

    @Override
    public void forEachHotRow(HotRow visitor) throws Exception {
        try (DataInputStream in = new DataInputStream(new BufferedInputStream(Files.newInputStream(copy), 1 << 16))) {
            StoredEvent row = new StoredEvent();
            long end = Files.size(copy);
            for (long at = 0; at < end;) {
                int length = in.readInt();
                row.wrap(in.readNBytes(length));
                visitor.accept(row.event().routeKey(), row);
                at += Integer.BYTES + length;
            }
        }
    }

    @Override
    public List<DataFile> files() {
        return files;
    }

    @Override
    public void forEachRow(DataFile file, UnionReader.ColdRow visitor) throws Exception {
        UnionReader.forEachRow(coldFiles, file, visitor);
    }

    @Override
    public List<ExpiredBatch> expired() {
        return expired;
    }

    @Override
    public List<Erasure> erasures() {
        return erasures;
    }

    @Override
    public long manifestVersion() {
        return manifestVersion;
    }
}
