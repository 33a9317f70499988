package io.qaexchange.job.query.typed;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.ManifestStore;
import io.qaexchange.archive.manifest.RemoteCopy;
import io.qaexchange.archive.tier.ColdFiles;
import io.qaexchange.events.StoredEvent;
import io.qaexchange.job.query.live.EndpointPool;
import io.qaexchange.job.query.live.HotPart;
import java.io.IOException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Map;
import javax.annotation.Nullable;
import org.apache.flink.core.fs.Path;

/**
 * A part of the rows of a {@link UnionScan} that a process reads alone: the hot rows of a subtask, or those of a file. Each row of the scan is in one
 * part. Immutable.
 */
public sealed interface UnionPart extends Serializable {

    /** Visits the rows, in the same order each time. */
    void forEach(EndpointPool pool, UnionScan.Visitor visitor) throws IOException;

    /** Hot rows of a subtask. */
    record Hot(HotPart part) implements UnionPart {
        private static final long serialVersionUID = 1L;

        @Override
        public void forEach(EndpointPool pool, UnionScan.Visitor visitor) throws IOException {
            StoredEvent view = new StoredEvent();
            part.scan(pool, (bytes, offset, length) -> {
                visitor.accept(UnionRow.of(Arrays.copyOfRange(bytes, offset, offset + length), view));
                return true;
            });
        }

        @Override
        public String toString() {
            return "hot rows of " + part.endpoint();
        }
    }

    /**
     * Rows of a file.
     *
     * @param archive folder of the archive
     * @param file the file
     * @param copy its copy in an object store; null if it has none
     * @param instrument the only instrument; null for all
     * @param fromNs event times from here, inclusive
     * @param toNs up to here, exclusive; {@link Long#MAX_VALUE} for no bound
     */
    record Cold(String archive, DataFile file, @Nullable RemoteCopy copy, @Nullable String instrument, long fromNs, long toNs) implements UnionPart {
        private static final long serialVersionUID = 1L;

        @Override
        public void forEach(EndpointPool pool, UnionScan.Visitor visitor) throws IOException {
            ColdFiles files = ColdFiles.of(ManifestStore.of(new Path(archive)), copy == null ? Map.of() : Map.of(file.batchId(), copy));
            ColdRows.forEach(files, file, instrument, fromNs, toNs, null, new StoredEvent(), visitor);
        }

        @Override
        public String toString() {
            return "file " + file.path();
        }
    }
}
