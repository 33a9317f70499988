package io.qaexchange.storage.engine;

import io.qaexchange.storage.Durability;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.manifest.DropWatermark;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.manifest.VersionSet;
import io.qaexchange.storage.memtable.Memtable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/**
 * The parts of the store now: the active memtable, the frozen ones, the version; and the view through which reads see them.
 *
 * <p>Every change makes a new view and publishes it whole. Lock order: {@code this} is innermost; no I/O under it. Edits are made
 * durable one at a time under {@link #installLock}.
 */
final class StoreState {
    /**
     * A memtable and its part of the log.
     *
     * @param firstSegment log segment in which its first write stands
     * @param lastSequence last write before the next memtable, whether this one kept it or not (its family may have been dropped); 0
     *     while the memtable is active
     */
    record LoggedMemtable(Memtable memtable, long firstSegment, long lastSequence) {}

    private final StoreOptions options;
    private final VersionSet versions;
    private final FileTable files;
    private final Object installLock = new Object();

    // Guarded by this.
    private LoggedMemtable active;
    /** Newest first. */
    private final Deque<LoggedMemtable> frozen = new ArrayDeque<>();
    /** Drop watermarks of writes that no flush has covered yet. */
    private final List<DropWatermark> pendingDropWatermarks;
    private boolean flushClaimed;
    private long nextMemtableId;

    /** The version whose files have handles; trails the manifest's by the moment between the two. Volatile: read by pickers. */
    private volatile Version version;
    /** Volatile: replaced as a whole; null once closed. */
    private volatile ReadView view;

    /** @param recovered memtables from the log, oldest first */
    StoreState(StoreOptions options, VersionSet versions, FileTable files, List<LoggedMemtable> recovered, List<DropWatermark> dropWatermarks,
            long nextMemtableId, long activeSegment) {
        this.options = options;
        this.versions = versions;
        this.files = files;
        this.nextMemtableId = nextMemtableId;
        pendingDropWatermarks = new ArrayList<>(dropWatermarks);
        recovered.forEach(frozen::addFirst);
        active = mayResume(frozen.peekFirst()) ? new LoggedMemtable(frozen.removeFirst().memtable(), activeSegment, 0)
                : new LoggedMemtable(newMemtable(null), activeSegment, 0);
        active.memtable().hashed(this::isHashed);
        adopt(versions.current());
    }

    /**
     * Without a log, what pieces of a checkpoint gave is written on: it is in them, so it needs no flush. What a log gave is flushed,
     * since nothing written after it would be in that log.
     */
    private boolean mayResume(LoggedMemtable newest) {
        return newest != null && options.durability() == Durability.NO_LOG && newest.firstSegment() == 0
                && newest.memtable().memoryBytes() < options.memtableBytes();
    }

    /** Needs the lock, or to be the constructor. */
    private void adopt(Version next) {
        files.install(next);
        version = next;
        publish();
    }

    private Memtable newMemtable(Memtable before) {
        return new Memtable(nextMemtableId++, options.memoryPool(), options.arenaChunkBytes(), this::isHashed, before);
    }

    /** Without the lock: the writer asks. */
    private boolean isHashed(int family) {
        ReadView now = view;
        ReadView.FamilyFiles files = now == null ? null : now.files(family);
        return files != null && files.family.options().memtableHashIndex();
    }

    /** Needs the lock, or to be the constructor. */
    private void publish() {
        ReadView old = view;
        view = new ReadView(active.memtable(), frozen.stream().map(LoggedMemtable::memtable).toList(), version, pendingDropWatermarks, files);
        if (old != null) {
            old.release();
        }
    }

    ReadView currentView() throws StoreClosedException {
        ReadView now = view;
        if (now == null) {
            throw new StoreClosedException("the store is closed");
        }
        return now;
    }

    /** A view that the caller uses and must release. */
    ReadView useView() throws StoreClosedException {
        while (true) {
            ReadView now = currentView();
            if (now.tryUse()) {
                return now;
            }
        }
    }

    /**
     * Sets the active memtable aside and begins another. The write lock must be held.
     *
     * @param lastSequence of what was written so far
     * @param nextSegment the log segment that the next write goes to
     * @return the new active memtable
     */
    synchronized Memtable freeze(long lastSequence, long nextSegment) {
        frozen.addFirst(new LoggedMemtable(active.memtable(), active.firstSegment(), lastSequence));
        active = new LoggedMemtable(newMemtable(active.memtable()), nextSegment, 0);
        publish();
        return active.memtable();
    }

    /** A write has set a drop watermark: reads hide what is below from now on. */
    synchronized void addDropWatermark(DropWatermark dropWatermark) {
        pendingDropWatermarks.add(dropWatermark);
        ReadView old = view;
        if (old.files(dropWatermark.family()) == null) {
            publish();
        } else {
            view = old.plus(dropWatermark);
            old.release();
        }
    }

    synchronized Memtable activeMemtable() {
        return active.memtable();
    }

    synchronized int frozenCount() {
        return frozen.size();
    }

    synchronized long frozenBytes() {
        return frozen.stream().mapToLong(memtable -> memtable.memtable().memoryBytes()).sum();
    }

    /**
     * Claims the oldest frozen memtables for one flush.
     *
     * @param most at most so many
     * @return newest first; empty if there are none or another flush is under way
     */
    synchronized List<LoggedMemtable> claimFlush(int most) {
        if (flushClaimed || frozen.isEmpty()) {
            return List.of();
        }
        flushClaimed = true;
        return frozen.stream().skip(Math.max(0, frozen.size() - most)).toList();
    }

    synchronized boolean isFlushClaimed() {
        return flushClaimed;
    }

    synchronized void unclaimFlush() {
        flushClaimed = false;
    }

    /** The flush's files are on disk: makes them count, and lets the memtables go. */
    Version installFlush(List<LoggedMemtable> flushed, VersionEdit edit, long[] snapshots) throws IOException {
        synchronized (installLock) {
            long lastSequence = flushed.get(0).lastSequence();
            synchronized (this) {
                addDropWatermarks(edit, lastSequence, snapshots);
                edit.flushed(lastSequence, firstSegmentAfter(flushed));
            }
            Version next = versions.apply(edit);
            synchronized (this) {
                pendingDropWatermarks.removeIf(dropWatermark -> dropWatermark.sequence() <= lastSequence);
                frozen.removeAll(flushed);
                adopt(next);
            }
            flushed.forEach(memtable -> memtable.memtable().release());
            return next;
        }
    }

    /** Drop watermarks up to a sequence number go into the version; those that no reader needs beside a higher one go out of it. */
    private void addDropWatermarks(VersionEdit edit, long lastSequence, long[] snapshots) {
        List<DropWatermark> all = new ArrayList<>();
        version.columnFamilies().forEach(family -> all.addAll(version.dropWatermarks(family.id())));
        int known = all.size();
        pendingDropWatermarks.stream().filter(dropWatermark -> dropWatermark.sequence() <= lastSequence).forEach(all::add);
        for (int i = 0; i < all.size(); i++) {
            DropWatermark dropWatermark = all.get(i);
            boolean needless = all.stream().anyMatch(later -> later.supersedes(dropWatermark)
                    && Arrays.stream(snapshots).noneMatch(snapshot -> dropWatermark.sequence() <= snapshot && snapshot < later.sequence()));
            if (needless && i < known) {
                edit.removeDropWatermark(dropWatermark.sequence());
            } else if (!needless && i >= known) {
                edit.addDropWatermark(dropWatermark);
            }
        }
    }

    private long firstSegmentAfter(List<LoggedMemtable> flushed) {
        long first = active.firstSegment();
        for (Iterator<LoggedMemtable> newestFirst = frozen.iterator(); newestFirst.hasNext(); ) {
            LoggedMemtable memtable = newestFirst.next();
            if (!flushed.contains(memtable)) {
                first = memtable.firstSegment();
            }
        }
        return first;
    }

    /** Any other change of files or families. */
    Version install(VersionEdit edit) throws IOException {
        synchronized (installLock) {
            Version next = versions.apply(edit);
            synchronized (this) {
                adopt(next);
            }
            return next;
        }
    }

    /** Handle of a file that the current version names; the caller leases it within the lock of {@link #withFiles}. */
    synchronized <T> T withFiles(java.util.function.Function<FileTable, T> use) {
        return use.apply(files);
    }

    Version version() {
        return version;
    }

    VersionSet versions() {
        return versions;
    }

    /** Ends the store's own hold on memory and files. Readers that are still open keep theirs. */
    synchronized void close() {
        ReadView last = view;
        if (last == null) {
            return;
        }
        view = null;
        last.release();
        active.memtable().release();
        frozen.forEach(memtable -> memtable.memtable().release());
        files.close();
    }
}
