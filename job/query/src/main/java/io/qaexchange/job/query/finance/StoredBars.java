package io.qaexchange.job.query.finance;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.FooterBars;
import io.qaexchange.parquet.bar.FileBars;
import java.io.IOException;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import javax.annotation.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bars that archived files keep in their footers, so that bars of a minute and more need not read their rows. Those that were asked for last stay in
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
    /** By checksum of the file, or where it lies if it has none, and width; those first that were not asked for the longest. Guarded by this. */
    private final Map<String, Optional<FileBars>> known = new LinkedHashMap<>(16, 0.75f, true);
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
    public FileBars addTo(Collection<Wanted> wanted, DataFile file, Opener opener) {
        try {
            Lookup lookup = new Lookup(file, opener);
            for (int i = FileBars.WIDTHS.size() - 1; i >= 0; i--) {
                int seconds = FileBars.WIDTHS.get(i);
                FileBars bars = wanted.stream().allMatch(each -> each.builder().takesWidth(seconds)) ? lookup.of(seconds) : null;
                if (bars != null && wanted.stream().allMatch(each -> each.builder().takes(bars, each.instruments(), each.fromNs(), each.toNs()))) {
                    wanted.forEach(each -> each.builder().add(bars, each.instruments(), each.fromNs(), each.toNs()));
                    return bars;
                }
            }
            return null;
        } catch (IOException e) {
            LOG.warn("the bars in the footer of archived file {} cannot be read, its rows are read instead", file.path(), e);
            return null;
        }
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

    /** Looks for the bars of a file, in memory first; its footer is read once at most. */
    private final class Lookup {
        private final DataFile file;
        private final Opener opener;
        @Nullable
        private FooterBars footer;

        Lookup(DataFile file, Opener opener) {
            this.file = file;
            this.opener = opener;
        }

        @Nullable
        FileBars of(int seconds) throws IOException {
            if (file.sha256() != null) {
                return of(file.sha256(), seconds);
            }
            try (ColdFile cold = opener.open(file)) {
                return of(cold.path().toString(), seconds);
            }
        }

        @Nullable
        private FileBars of(String name, int seconds) throws IOException {
            String key = name + ' ' + seconds;
            Optional<FileBars> found = known(key);
            if (found == null) {
                if (footer == null) {
                    try (ColdFile cold = opener.open(file)) {
                        footer = FooterBars.read(FlinkInputFile.of(cold.path()), file.table());
                    }
                }
                found = Optional.ofNullable(footer.of(seconds));
                keep(key, found);
            }
            return found.orElse(null);
        }
    }

    @Nullable
    private synchronized Optional<FileBars> known(String key) {
        return known.get(key);
    }

    private synchronized void keep(String key, Optional<FileBars> read) {
        if (weight(read) > most || known.putIfAbsent(key, read) != null) {
            return;
        }
        bars += weight(read);
        Iterator<Optional<FileBars>> eldest = known.values().iterator();
        while (bars > most) {
            bars -= weight(eldest.next());
            eldest.remove();
        }
    }

    /** Bars, and one for the file. */
    private static int weight(Optional<FileBars> of) {
        return of.map(FileBars::size).orElse(0) + 1;
    }
}
