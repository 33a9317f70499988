package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.engine.ReadView.ViewFile;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.sstable.EventTime;
import io.qaexchange.storage.sstable.SstableMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** The files that may hold a time, against a look at every one. */
class TimeFencesProperties {
    @Property(tries = 300)
    void findsTheFilesWhoseTimesHoldATime(@ForAll @IntRange(max = 40) int files, @ForAll @IntRange(min = 1, max = 300) int longest, @ForAll long seed) {
        Random random = new Random(seed);
        ViewFile[] all = new ViewFile[files];
        for (int i = 0; i < files; i++) {
            long start = random.nextInt(1_000) - 500;
            all[i] = random.nextInt(20) == 0 ? file(i, EventTime.UNKNOWN_MIN, EventTime.UNKNOWN_MAX) : file(i, start, start + random.nextInt(longest));
        }
        TimeFences fences = new TimeFences(all);
        for (long time = -510; time < 810; time += 1 + random.nextInt(5)) {
            assertThat(found(fences, time)).as("files at %d", time).containsExactlyInAnyOrderElementsOf(expected(all, time));
        }
        assertThat(found(fences, Long.MIN_VALUE)).containsExactlyInAnyOrderElementsOf(expected(all, Long.MIN_VALUE));
        assertThat(found(fences, Long.MAX_VALUE)).containsExactlyInAnyOrderElementsOf(expected(all, Long.MAX_VALUE));
    }

    private static List<Long> found(TimeFences fences, long time) {
        List<Long> found = new ArrayList<>();
        for (int i = fences.last(time); fences.reaches(i, time); i--) {
            if (fences.holds(i, time)) {
                found.add(fences.file(i).reference().id());
            }
        }
        return found;
    }

    private static List<Long> expected(ViewFile[] files, long time) {
        List<Long> expected = new ArrayList<>();
        for (ViewFile file : files) {
            SstableMetadata table = file.reference().table();
            if (table.minEventTime() <= time && time <= table.maxEventTime()) {
                expected.add(file.reference().id());
            }
        }
        return expected;
    }

    private static ViewFile file(long id, long from, long to) {
        SstableMetadata table = new SstableMetadata(1, 1, 1, 1, 0, 0, 0, new byte[0], new byte[0], KeyRange.ALL, 1, 1, from, to, 0, 0, 0, 0, 0, 0, 0);
        return new ViewFile(FileReference.whole(id, id, 1, 1, 0, table), null);
    }
}
