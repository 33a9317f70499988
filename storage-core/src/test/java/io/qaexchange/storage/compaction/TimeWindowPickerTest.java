package io.qaexchange.storage.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.sstable.SstableMetadata;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.api.Test;

/** One window that is flushed to and compacted, without bytes: a file is its size, its keys and its times. The picker's choices are carried out at once. */
class TimeWindowPickerTest {
    private static final int TRIGGER = 4;
    private static final long MB = 1 << 20;
    private static final int KEYS = 10_000;
    private static final FamilyOptions OPTIONS = FamilyOptions.builder("f").compactionStyle(CompactionStyle.TIME_WINDOW).eventTimeFromEnd(8).windowNanos(1_000_000)
            .fileBytes(64 * MB).build();

    private final TimeWindowPicker picker = new TimeWindowPicker(TRIGGER);
    private final List<FileReference> files = new ArrayList<>();
    private long nextId = 1;
    private long flushedBytes;
    private long mergedBytes;

    @Test
    void aWindowWhoseFlushesShareAllKeysAndTimesIsRewrittenAFewTimes() throws Exception {
        List<Double> rewritten = new ArrayList<>();
        for (int flushes = 1; flushes <= 256; flushes++) {
            flush(24 * MB, 0, KEYS, 0, 999);
            if (flushes == 16 || flushes == 64 || flushes == 256) {
                rewritten.add(mergedBytes / (double) flushedBytes);
            }
        }
        assertThat(rewritten.get(0)).as("of 16 flushes").isLessThan(2.5);
        assertThat(rewritten.get(1)).as("of 64 flushes").isLessThan(4.5);
        assertThat(rewritten.get(2)).as("of 256 flushes").isLessThan(8.5);
    }

    @Test
    void flushesThatFollowEachOtherInTimeAreLeftAsTheyAre() throws Exception {
        for (int flush = 0; flush < 100; flush++) {
            flush(24 * MB, 0, KEYS, flush * 10L, flush * 10L + 12);
        }
        assertThat(mergedBytes).isZero();
    }

    @Test
    void lateRowsInEachFlushDoNotGetTheWholeWindowRewritten() throws Exception {
        for (int flush = 0; flush < 100; flush++) {
            flush(24 * MB, 0, KEYS, Math.max(0, flush * 10L - 100), flush * 10L + 12);
        }
        assertThat(mergedBytes / (double) flushedBytes).isLessThan(4.5);
    }

    @Test
    void appendedValuesAreMergedWithAllThatHangsOnThem() throws Exception {
        for (int flush = 0; flush < TRIGGER; flush++) {
            files.add(file(24 * MB, 0, KEYS, 0, 999, 0));
        }
        files.add(file(240 * MB, 0, KEYS, 0, 999, 1));
        assertThat(picker.pick(family(), Set.of(), Long.MAX_VALUE).orElseThrow().inputs()).hasSize(TRIGGER + 1);
    }

    @Property(shrinking = ShrinkingMode.OFF)
    void whateverComesItEndsAndNoReadLooksAtMoreFilesThanTheTriggerAllows(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        for (int i = 0; i < 20; i++) {
            int from = random.nextInt(KEYS);
            long start = random.nextInt(1000);
            boolean wide = random.nextBoolean();
            flush((1 + random.nextInt(90)) * MB, wide ? 0 : from, wide ? KEYS : from + 1 + random.nextInt(KEYS - from), start, start + random.nextInt(1000));
        }
        assertThat(deepest()).isLessThanOrEqualTo(TRIGGER);
    }

    private void flush(long bytes, int fromKey, int toKey, long start, long end) throws Exception {
        flushedBytes += bytes;
        files.add(file(bytes, fromKey, toKey, start, end, 0));
        int merges = 0;
        for (Optional<CompactionPlan> plan = pick(); plan.isPresent(); plan = pick()) {
            merge(plan.get().inputs());
            assertThat(++merges).as("merges after one flush").isLessThan(50);
        }
    }

    private Optional<CompactionPlan> pick() throws Exception {
        return picker.pick(family(), Set.of(), Long.MAX_VALUE);
    }

    /** The outputs share no key; each of them has all times of the inputs. */
    private void merge(List<FileReference> inputs) {
        assertThat(files).containsAll(inputs);
        files.removeAll(inputs);
        long bytes = FamilyVersion.bytes(inputs);
        mergedBytes += bytes;
        int from = inputs.stream().mapToInt(file -> key(file.keys().lower())).min().orElseThrow();
        int to = inputs.stream().mapToInt(file -> key(file.keys().upper())).max().orElseThrow();
        long start = inputs.stream().mapToLong(file -> file.table().minEventTime()).min().orElseThrow();
        long end = inputs.stream().mapToLong(file -> file.table().maxEventTime()).max().orElseThrow();
        int parts = (int) Math.min(to - from, (bytes + 64 * MB - 1) / (64 * MB));
        for (int part = 0; part < parts; part++) {
            int first = from + (int) ((long) (to - from) * part / parts);
            files.add(file(bytes / parts, first, from + (int) ((long) (to - from) * (part + 1) / parts), start, end, 0));
        }
    }

    private FileReference file(long bytes, int fromKey, int toKey, long start, long end, long appends) {
        long id = nextId++;
        SstableMetadata table = new SstableMetadata(bytes, 1000, 1000, 1000 - appends, 0, appends, 0, bytes(fromKey), bytes(toKey - 1),
                KeyRange.of(bytes(fromKey), bytes(toKey)), id * 10, id * 10 + 9, start, end, 100, 900, bytes, Long.MAX_VALUE, Long.MIN_VALUE, 4, 0);
        return FileReference.whole(id, id, 1, 1, 0, table);
    }

    private FamilyVersion family() throws Exception {
        VersionEdit edit = new VersionEdit().addFamily(1, OPTIONS).nextFamilyId(2);
        files.forEach(edit::add);
        return Version.EMPTY.apply(edit).family(1);
    }

    private int deepest() {
        int deepest = 0;
        for (FileReference byKey : files) {
            for (FileReference byTime : files) {
                int key = key(byKey.keys().lower());
                long time = byTime.table().minEventTime();
                deepest = Math.max(deepest, (int) files.stream().filter(file -> key(file.keys().lower()) <= key && key < key(file.keys().upper())
                        && file.table().minEventTime() <= time && time <= file.table().maxEventTime()).count());
            }
        }
        return deepest;
    }

    private static byte[] bytes(int key) {
        return ByteBuffer.allocate(4).putInt(key).array();
    }

    private static int key(byte[] bytes) {
        return ByteBuffer.wrap(bytes).getInt();
    }
}
