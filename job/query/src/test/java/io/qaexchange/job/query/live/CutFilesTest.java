package io.qaexchange.job.query.live;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.archive.manifest.ArchiveEpoch;
import io.qaexchange.archive.manifest.ArchiveManifest;
import io.qaexchange.archive.manifest.DataFile;
import io.qaexchange.job.model.live.EndpointAnnouncement;
import io.qaexchange.job.model.live.LivePin;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The files of pins that are remembered, against those that the manifest gives. */
class CutFilesTest {

    private static final String EPOCH = "epoch-0";
    private static final int SUBTASKS = 3;

    private static DataFile file(int subtask, long ordinal, Random random) {
        String table = List.of("tick", "trade", "order").get(random.nextInt(3));
        String batch = subtask + "-" + ordinal;
        return new DataFile(batch, table, "2026-01-05", "table=" + table + "/" + batch, 1, 1, 1, 0, 1, EPOCH, 1, "A", "B", subtask, ordinal, null, null);
    }

    private static List<LiveRead.Pinned> pins(long[] handedOver, List<String> unpublished) {
        List<LiveRead.Pinned> pins = new ArrayList<>();
        for (int subtask = 0; subtask < SUBTASKS; subtask++) {
            pins.add(new LiveRead.Pinned(new EndpointAnnouncement(subtask, 0, 1, "localhost", 1, "secret", subtask, subtask, EPOCH),
                    new LivePin(1, subtask, EPOCH, handedOver[subtask], subtask == 0 ? unpublished : List.of(), 1, 1, 0, List.of(), List.of())));
        }
        return pins;
    }

    @Test
    void filesOfAnyPinsAreThoseOfTheManifestHoweverReadsTakeTurns() {
        Random random = new Random(4);
        ArchiveManifest manifest = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch(EPOCH, null, 0, "job", 1));
        CutFiles.Known known = new CutFiles.Known();
        long[] published = new long[SUBTASKS];
        int asBefore = 0;
        CutFiles last = null;
        for (int step = 0; step < 400; step++) {
            if (random.nextInt(4) == 0) {
                int subtask = random.nextInt(SUBTASKS);
                manifest = manifest.withFiles(List.of(file(subtask, ++published[subtask], random)));
            }
            long[] handedOver = published.clone();
            if (random.nextInt(3) == 0) {
                handedOver[random.nextInt(SUBTASKS)] -= 1;
            }
            List<String> unpublished = random.nextBoolean() ? List.of() : List.of("0-" + published[0], "0-" + (published[0] + 1));
            List<LiveRead.Pinned> pins = pins(handedOver, unpublished);

            CutFiles cut = known.of(manifest, pins);
            asBefore += cut == last ? 1 : 0;
            last = cut;
            Map<Integer, Long> bySubtask = new HashMap<>();
            for (int subtask = 0; subtask < SUBTASKS; subtask++) {
                bySubtask.put(subtask, handedOver[subtask]);
            }
            List<DataFile> expected = manifest.filesAsOfPins(bySubtask);
            assertThat(cut.files()).isEqualTo(expected);
            assertThat(cut.published()).isEqualTo(manifest.notHot(expected, new HashSet<>(unpublished)));
            for (String table : Set.of("tick", "trade", "order", "account")) {
                assertThat(cut.ofTable(table)).isEqualTo(expected.stream().filter(file -> file.table().equals(table)).toList());
            }
        }
        assertThat(asBefore).as("reads that found what the one before had found").isPositive();
    }

    @Test
    void withoutPinsAllFilesAreTaken() {
        Random random = new Random(5);
        ArchiveManifest manifest = ArchiveManifest.EMPTY.beginEpoch(new ArchiveEpoch(EPOCH, null, 0, "job", 1)).withFiles(List.of(file(0, 1, random)));
        assertThat(new CutFiles.Known().of(manifest, List.of()).files()).isEqualTo(manifest.files());
    }
}
