package io.qaexchange.job.query.audit;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.Erasure;
import io.qaexchange.archive.manifest.ExpiredBatch;
import io.qaexchange.job.model.store.InstrumentState;
import io.qaexchange.job.query.hot.CheckpointReader;
import io.qaexchange.job.query.hot.HotRow;
import io.qaexchange.job.query.union.UnionReader;
import java.util.List;
import java.util.Optional;

/** The rows of a checkpoint or savepoint in files. */
record CheckpointRows(UnionReader union) implements AuditedRows {

    @Override
    public Optional<Counters> counters() throws Exception {
        CheckpointReader checkpoint = union.checkpoint();
        long stored = 0;
        long duplicates = 0;
        long deadLetters = checkpoint.refused();
        for (InstrumentState instrument : checkpoint.instruments().values()) {
            stored += instrument.stored();
            duplicates += instrument.duplicates();
            deadLetters += instrument.deadLetters();
        }
        return Optional.of(new Counters(checkpoint.consumed(), stored, duplicates, deadLetters));
    }

    @Override
    public void forEachHotRow(HotRow visitor) throws Exception {
        union.forEachHotRow(visitor);
    }

    @Override
    public List<DataFile> files() {
        return union.files();
    }

    @Override
    public void forEachRow(DataFile file, UnionReader.ColdRow visitor) throws Exception {
        union.forEachRow(file, visitor);
    }

    @Override
    public List<ExpiredBatch> expired() {
        return union.expired();
    }

    @Override
    public List<Erasure> erasures() {
        return union.erasures();
    }

    @Override
    public long manifestVersion() {
        return union.manifestVersion();
    }
}
