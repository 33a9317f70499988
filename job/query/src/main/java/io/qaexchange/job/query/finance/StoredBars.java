package io.qaexchange.job.query.finance;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.parquet.EventFileBars;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.bar.MinuteBars;
import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bars of minutes that archived files keep in their footers, so that bars of a minute and more need not read their rows. Those that were asked for last stay in
 * memory: what an archive manifest names never changes.
 *
 * <p>Thread-safe.
 */
public final class StoredBars {

    private static final Logger LOG = LoggerFactory.getLogger(StoredBars.class);

    /** Each takes about 200 bytes. */
    private static final int MOST_BARS = 100_000;
    private static final StoredBars OF_PROCESS = new StoredBars(MOST_BARS);

    private final int most;
    /** By checksum of the file, or where it lies if it has none; those first that were not asked for the longest. Guarded by this. */
    private final Map<String, Optional<MinuteBars>> known = new LinkedHashMap<>(16, 0.75f, true);
    /** Guarded by this. */
    private int bars;

    /** Opens files. */
    @FunctionalInterface
    public interface Opener {
        /** Whoever opens a file closes it. */
        ColdFile open(DataFile file) throws IOException;
    }

    /** @param most bars that are kept in memory */
    StoredBars(int most) {
        this.most = most;
    }

    /** Shared by all queries of the process. */
    public static StoredBars ofProcess() {
        return OF_PROCESS;
    }

    /**
     * Adds the bars of a file to builders, if it has some and all of them can take them: else none does, and the file's rows are to be read.
     *
     * @param wanted what to add them to
     * @param opener opens the file if its bars are not in memory
     * @return the bars of the file; null if its rows are to be read: also where the file is missing or damaged, which whoever reads them says
     */
    @Nullable
    public MinuteBars addTo(Iterable<Wanted> wanted, DataFile file, Opener opener) {
        for (Wanted each : wanted) {
            if (!each.builder().takesMinutes()) {
                return null;
            }
        }
        MinuteBars minutes;
        try {
            minutes = of(file, opener);
        } catch (IOException e) {
            LOG.warn("the bars in the footer of archived file {} cannot be read, its rows are read instead", file.path(), e);
            return null;
        }
        if (minutes == null) {
            return null;
        }
        for (Wanted each : wanted) {
            if (!each.builder().takes(minutes, each.instruments(), each.fromNs(), each.toNs())) {
                return null;
            }
        }
        wanted.forEach(each -> each.builder().add(minutes, each.instruments(), each.fromNs(), each.toNs()));
        return minutes;
    }

    /**
     * Bars that are wanted.
     *
     * @param builder makes them
     * @param instruments the only instruments; null for all
     * @param fromNs event times from here, inclusive
     * @param toNs up to here, exclusive
     */
    public record Wanted(BarBuilder builder, @Nullable Set<String> instruments, long fromNs, long toNs) {
    }

    @Nullable
    private MinuteBars of(DataFile file, Opener opener) throws IOException {
        if (file.sha256() != null) {
            Optional<MinuteBars> found = known(file.sha256());
            if (found != null) {
                return found.orElse(null);
            }
        }
        try (ColdFile cold = opener.open(file)) {
            String key = file.sha256() != null ? file.sha256() : cold.path().toString();
            Optional<MinuteBars> found = known(key);
            if (found == null) {
                found = Optional.ofNullable(EventFileBars.read(FlinkInputFile.of(cold.path()), file.table()));
                keep(key, found);
            }
            return found.orElse(null);
        }
    }

    @Nullable
    private synchronized Optional<MinuteBars> known(String key) {
        return known.get(key);
    }

    private synchronized void keep(String key, Optional<MinuteBars> read) {
        if (weight(read) > most || known.putIfAbsent(key, read) != null) {
            return;
        }
        bars += weight(read);
        Iterator<Optional<MinuteBars>> eldest = known.values().iterator();
        while (bars > most) {
            bars -= weight(eldest.next());
            eldest.remove();
        }
    }

    /** Bars, and one for the file. */
    private static int weight(Optional<MinuteBars> of) {
        return of.map(MinuteBars::size).orElse(0) + 1;
    }
}
