package io.qaexchange.job.query.live;

import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.archive.manifest.RemoteCopy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The archived files of a read: those that its pins had handed over. To find them each file of the archive is looked at, and pins say the same until the next
 * file is handed over, so the last few results are kept ({@link Known}).
 *
 * <p>Immutable.
 */
final class CutFiles {

    private final ArchiveManifest manifest;
    private final Map<Integer, Long> handedOver;
    private final Set<String> unpublished;
    private final List<DataFile> files;
    private final Map<String, List<DataFile>> byTable = new HashMap<>();
    private final Set<String> published;
    private final Map<String, RemoteCopy> copies;

    private CutFiles(ArchiveManifest manifest, Map<Integer, Long> handedOver, Set<String> unpublished) {
        this.manifest = manifest;
        this.handedOver = Map.copyOf(handedOver);
        this.unpublished = Set.copyOf(unpublished);
        files = handedOver.isEmpty() ? manifest.files() : List.copyOf(manifest.filesAsOfPins(handedOver));
        files.forEach(file -> byTable.computeIfAbsent(file.table(), none -> new ArrayList<>()).add(file));
        byTable.replaceAll((table, of) -> List.copyOf(of));
        published = Set.copyOf(manifest.notHot(files, unpublished));
        copies = Map.copyOf(manifest.remoteByBatch());
    }

    /** The files of these pins; all of the manifest's if there are none. */
    static CutFiles of(ArchiveManifest manifest, List<LiveRead.Pinned> pins) {
        return new CutFiles(manifest, handedOver(pins), unpublished(pins));
    }

    private static Map<Integer, Long> handedOver(List<LiveRead.Pinned> pins) {
        Map<Integer, Long> ordinals = new HashMap<>();
        pins.forEach(pinned -> ordinals.put(pinned.pin().subtask(), pinned.pin().handedOver()));
        return ordinals;
    }

    private static Set<String> unpublished(List<LiveRead.Pinned> pins) {
        Set<String> batches = new HashSet<>();
        pins.forEach(pinned -> batches.addAll(pinned.pin().unpublished()));
        return batches;
    }

    ArchiveManifest manifest() {
        return manifest;
    }

    List<DataFile> files() {
        return files;
    }

    /** Those of a table, in the same order. */
    List<DataFile> ofTable(String table) {
        return byTable.getOrDefault(table, List.of());
    }

    /** Of the batches that the pins have as hot, those that these files hold. */
    Set<String> published() {
        return published;
    }

    /** Copies in object stores by batch. */
    Map<String, RemoteCopy> copies() {
        return copies;
    }

    /**
     * The results of the last reads of one version of the manifest.
     *
     * <p>Thread-safe.
     */
    static final class Known {
        /** Reads of the present and of each held checkpoint may take turns. */
        private static final int MOST = 8;

        /** The one that was used last at the end. Guarded by this. */
        private final List<CutFiles> cuts = new ArrayList<>();

        CutFiles of(ArchiveManifest manifest, List<LiveRead.Pinned> pins) {
            Map<Integer, Long> handedOver = handedOver(pins);
            Set<String> unpublished = unpublished(pins);
            synchronized (this) {
                for (int i = cuts.size() - 1; i >= 0; i--) {
                    CutFiles cut = cuts.get(i);
                    // Two versions are the same object or are not: comparing them would look at each file.
                    if (cut.manifest == manifest && cut.handedOver.equals(handedOver) && cut.unpublished.equals(unpublished)) {
                        cuts.add(cuts.remove(i));
                        return cut;
                    }
                }
            }
            CutFiles found = new CutFiles(manifest, handedOver, unpublished);
            synchronized (this) {
                // Versions of a large archive take many megabytes each.
                cuts.removeIf(cut -> cut.manifest != manifest);
                cuts.add(found);
                if (cuts.size() > MOST) {
                    cuts.remove(0);
                }
            }
            return found;
        }
    }
}
