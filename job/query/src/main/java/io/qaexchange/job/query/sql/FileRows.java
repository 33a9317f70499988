package io.qaexchange.job.query.sql;

import io.qaexchange.archive.manifest.DataFile;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.apache.flink.core.fs.Path;

/** Files of the archive manifest as rows of {@link SystemTable#QA_FILES}. Stateless. */
public final class FileRows {

    private static final long NANOS_PER_MICRO = 1_000;

    private FileRows() {
    }

    /** The rows. */
    public static List<Object[]> of(List<DataFile> files, Function<DataFile, String> tiers) {
        List<Object[]> rows = new ArrayList<>();
        for (DataFile file : files) {
            rows.add(new Object[] {file.table(), Integer.valueOf(file.tradingDay().replace("-", "")), tiers.apply(file),
                    file.path(), file.rows(), file.lengthBytes(), Math.floorDiv(file.minEventTimeNs(), NANOS_PER_MICRO),
                    Math.floorDiv(file.maxEventTimeNs(), NANOS_PER_MICRO), file.minInstrument(), file.maxInstrument(), file.isCompacted(), file.epoch(),
                    file.checkpointId(), file.subtask() == DataFile.NONE ? null : (Integer) file.subtask()});
        }
        return rows;
    }
}
