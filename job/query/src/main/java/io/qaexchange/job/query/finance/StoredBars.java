package io.qaexchange.job.query.finance;

import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.tier.ColdFile;
import io.qaexchange.parquet.FlinkInputFile;
import io.qaexchange.parquet.FooterBars;
import io.qaexchange.parquet.bar.FileBars;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ForkJoinPool;
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
    /** So many files are read by the threads of the common pool while bars of others are added; not all, as their bars take memory. */
    private static final int FILES_AHEAD = 16;
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
     * Adds the bars of files to builders. A file is left out if it keeps no bars that all of them can take: its rows are to be read. So are those of a file that is
     * missing or damaged, which whoever reads them says.
     *
     * @param wanted what to add them to
     * @param opener opens files whose bars are not in memory; several threads call it if there are many
     * @param dayEnd is told when the bars of all files of a trading day were added
     * @return the files whose bars were added
     */
    public <E extends Exception> Added addTo(Collection<Wanted> wanted, List<DataFile> files, Opener opener, DayEnd<E> dayEnd) throws E {
        List<Integer> widths = FileBars.WIDTHS.stream().sorted(Comparator.reverseOrder())
                .filter(seconds -> wanted.stream().allMatch(each -> each.builder().takesWidth(seconds))).toList();
        Added added = new Added(new HashSet<>(), new HashSet<>());
        if (widths.isEmpty()) {
            return added;
        }
        List<DataFile> byDay = files.stream().sorted(Comparator.comparing(DataFile::tradingDay)).toList();
        String day = null;
        boolean isWhole = true;
        Deque<CompletableFuture<Lookup>> ahead = new ArrayDeque<>();
        int next = 0;
        for (int i = 0; i < byDay.size(); i++) {
            for (; next < Math.min(byDay.size(), i + FILES_AHEAD); next++) {
                Lookup lookup = new Lookup(byDay.get(next), opener);
                ahead.add(byDay.size() < FILES_AHEAD ? CompletableFuture.completedFuture(lookup)
                        : CompletableFuture.supplyAsync(() -> lookup.ahead(widths.get(0)), ForkJoinPool.commonPool()));
            }
            Lookup lookup = ahead.remove().join();
            if (!lookup.file.tradingDay().equals(day)) {
                if (day != null && isWhole) {
                    dayEnd.ended(yyyymmdd(day));
                }
                day = lookup.file.tradingDay();
                isWhole = true;
            }
            isWhole &= add(lookup, widths, wanted, added);
        }
        if (day != null && isWhole) {
            dayEnd.ended(yyyymmdd(day));
        }
        return added;
    }

    /** Adds the coarsest bars of a file that all can take. */
    private static boolean add(Lookup lookup, List<Integer> widths, Collection<Wanted> wanted, Added added) {
        for (int seconds : widths) {
            FileBars bars = lookup.of(seconds);
            if (bars != null && wanted.stream().allMatch(each -> each.takes(bars))) {
                wanted.forEach(each -> each.add(bars));
                added.files().add(lookup.file);
                added.instruments().addAll(bars.byInstrument().keySet());
                return true;
            }
        }
        return false;
    }

    private static int yyyymmdd(String day) {
        return Integer.parseInt(day.replace("-", ""));
    }

    /** Is told about trading days. */
    @FunctionalInterface
    public interface DayEnd<E extends Exception> {
        /** @param tradingDay yyyymmdd; all its rows that are in files were added, as bars */
        void ended(int tradingDay) throws E;
    }

    /** Files whose bars were added, and all instruments in them. */
    public record Added(Set<DataFile> files, Set<String> instruments) {
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

        /** Width, in seconds, of partial bars that mostly can be added. */
        public int partSeconds() {
            return builder.partSeconds();
        }

        /**
         * Adds partial bars, if all of them can be: no session begins or ends between the rows of one.
         *
         * @return false if none was added: the rows are to be added one by one
         */
        public boolean addAll(List<FileBars> parts) {
            boolean taken = parts.stream().allMatch(this::takes);
            if (taken) {
                parts.forEach(this::add);
            }
            return taken;
        }

        private boolean takes(FileBars parts) {
            return builder.takes(parts, instruments, fromNs, toNs);
        }

        private void add(FileBars parts) {
            builder.add(parts, instruments, fromNs, toNs);
        }
    }

    /** Looks for the bars of a file, in memory first; its footer is read once at most. One thread at a time. */
    private final class Lookup {
        private final DataFile file;
        private final Opener opener;
        private final Map<Integer, Optional<FileBars>> found = new HashMap<>();
        @Nullable
        private FooterBars footer;

        Lookup(DataFile file, Opener opener) {
            this.file = file;
            this.opener = opener;
        }

        /** Looks for the bars of a width that will be asked for. */
        Lookup ahead(int seconds) {
            of(seconds);
            return this;
        }

        /** The bars of a width; null if there are none that can be read. */
        @Nullable
        FileBars of(int seconds) {
            return found.computeIfAbsent(seconds, this::find).orElse(null);
        }

        private Optional<FileBars> find(int seconds) {
            try {
                if (file.sha256() != null) {
                    return find(file.sha256() + ' ' + seconds, seconds);
                }
                try (ColdFile cold = opener.open(file)) {
                    return find(cold.path() + " " + seconds, seconds);
                }
            } catch (IOException e) {
                LOG.warn("the bars in the footer of archived file {} cannot be read, its rows are read instead", file.path(), e);
                return Optional.empty();
            }
        }

        private Optional<FileBars> find(String key, int seconds) throws IOException {
            Optional<FileBars> kept = known(key);
            if (kept != null) {
                return kept;
            }
            if (footer == null) {
                try (ColdFile cold = opener.open(file)) {
                    footer = FooterBars.read(FlinkInputFile.of(cold.path()), file.table());
                }
            }
            Optional<FileBars> read = Optional.ofNullable(footer.of(seconds));
            if (read.isPresent() && read.get().tradingDay() != yyyymmdd(file.tradingDay())) {
                throw new IOException("its bars are of trading day " + read.get().tradingDay() + ", the archive manifest says " + file.tradingDay());
            }
            keep(key, read);
            return read;
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
