package io.qaexchange.job.stream.ledger;

import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.sink.FinishedFile;
import io.qaexchange.job.model.JobMetric;
import io.qaexchange.job.model.store.TradingDay;
import io.qaexchange.job.model.table.LedgerRow;
import io.qaexchange.job.model.table.LedgerTable;
import io.qaexchange.job.stream.archive.ArchiveFolder;
import io.qaexchange.parquet.FooterKeys;
import io.qaexchange.parquet.RowParquetWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.BoundedOneInput;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.StreamOperatorParameters;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;

/**
 * Collects rows of the ledger tables, writes them to Parquet files, and hands finished files over to the archive sink.
 *
 * <p>Rows are operator state until then. In one step of the task thread they become a file that goes to the sink and leave the state, so
 * every checkpoint has a row either here or in the sink: exactly once, after any failure and at any parallelism. Readers of a checkpoint
 * take both.
 *
 * <p>One thread, the task thread.
 */
final class LedgerTablesOperator extends AbstractStreamOperator<FinishedFile>
        implements OneInputStreamOperator<LedgerRow, FinishedFile>, BoundedOneInput {

    private static final long serialVersionUID = 1L;

    private final LedgerOptions options;

    private transient ListState<LedgerRow> state;
    private transient List<LedgerRow> rows;
    private transient ArchiveFolder folder;
    private transient String epoch;
    private transient long oldestMs;

    LedgerTablesOperator(StreamOperatorParameters<FinishedFile> parameters, LedgerOptions options) {
        super(parameters);
        this.options = options;
    }

    @Override
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        state = context.getOperatorStateStore().getListState(LedgerRow.state());
        rows = new ArrayList<>();
        state.get().forEach(rows::add);
        oldestMs = getProcessingTimeService().getCurrentProcessingTime();
        String jobId = getRuntimeContext().getJobInfo().getJobId().toHexString();
        epoch = ArchiveEpoch.idOf(jobId, context.getRestoredCheckpointId().orElse(0));
        folder = ArchiveFolder.create(Path.of(getContainingTask().getEnvironment().getTaskManagerInfo().getTmpDirectories()[0]), jobId,
                getOperatorID().toHexString(), getRuntimeContext().getTaskInfo());
        getMetricGroup().gauge(JobMetric.LEDGER_ROWS_WAITING.id(), () -> rows.size());
    }

    @Override
    public void open() throws Exception {
        super.open();
        scheduleCheck();
    }

    private void scheduleCheck() {
        ProcessingTimeService time = getProcessingTimeService();
        time.registerTimer(time.getCurrentProcessingTime() + options.fileInterval().toMillis(), timestamp -> {
            if (!rows.isEmpty() && timestamp - oldestMs >= options.fileInterval().toMillis() / 2) {
                writeFiles();
            }
            scheduleCheck();
        });
    }

    @Override
    public void processElement(StreamRecord<LedgerRow> element) throws Exception {
        if (rows.isEmpty()) {
            oldestMs = getProcessingTimeService().getCurrentProcessingTime();
        }
        rows.add(element.getValue());
        if (rows.size() >= options.fileRows()) {
            writeFiles();
        }
    }

    /** A file for each table and trading day. */
    private void writeFiles() throws IOException {
        Map<LedgerTable, Map<Integer, List<LedgerRow>>> byFile = new TreeMap<>();
        for (LedgerRow row : rows) {
            byFile.computeIfAbsent(row.table(), table -> new TreeMap<>()).computeIfAbsent(row.tradingDay(), day -> new ArrayList<>())
                    .add(row);
        }
        List<FinishedFile> files = new ArrayList<>();
        for (Map.Entry<LedgerTable, Map<Integer, List<LedgerRow>>> table : byFile.entrySet()) {
            for (Map.Entry<Integer, List<LedgerRow>> day : table.getValue().entrySet()) {
                files.add(writeFile(table.getKey(), TradingDay.toIsoDate(day.getKey()), day.getValue()));
            }
        }
        rows.clear();
        files.forEach(file -> output.collect(new StreamRecord<>(file)));
    }

    private FinishedFile writeFile(LedgerTable table, String tradingDay, List<LedgerRow> ofFile) throws IOException {
        String batchId = UUID.randomUUID().toString();
        Path path = folder.path().resolve(table.table() + "-" + batchId + ".parquet");
        try (RowParquetWriter writer = RowParquetWriter.create(path, table.table(), table.allColumns(), options.parquet())) {
            for (LedgerRow row : ofFile) {
                writer.write(row.eventTimeNs(), row.values());
            }
            Map<String, String> footer = new LinkedHashMap<>();
            footer.put(FooterKeys.BATCH_ID, batchId);
            footer.put(FooterKeys.EPOCH, epoch);
            footer.put(FooterKeys.TRADING_DAY, tradingDay);
            long lengthBytes = writer.finish(footer);
            return new FinishedFile(batchId, table.table(), tradingDay, path.toString(), lengthBytes);
        }
    }

    @Override
    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        state.update(rows);
    }

    @Override
    public void endInput() throws Exception {
        writeFiles();
    }

    @Override
    public void close() throws Exception {
        if (folder != null) {
            folder.deleteIfEmpty();
        }
        super.close();
    }
}
