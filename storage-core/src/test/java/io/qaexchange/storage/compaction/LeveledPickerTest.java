package io.qaexchange.storage.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.sstable.SstableMetadata;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * Pictures of levels: {@code L0: 7:[a-k] 8:[c-m]- L1: 3:[a-f]}; a file's number is also its age and, unless {@code =9} says otherwise, its
 * size in kilobytes; a minus says that nearly all of it are tombstones. A snapshot is pinned at sequence number 1,000; files above number
 * 99 are newer.
 */
class LeveledPickerTest {
    private static final Pattern FILE = Pattern.compile("(\\d+):\\[(\\w)-(\\w)](-?)(?:=(\\d+))?");
    private final LeveledPicker picker = new LeveledPicker(3, 6, 10);

    @Test
    void leavesAShallowLevel0Alone() throws Exception {
        assertThat(pick("L0: 7:[a-k] 8:[c-m]  L1: 3:[a-f]")).isEqualTo("nothing");
    }

    @Test
    void filesOfLevel0ThatShareNoKeyAreNotDeep() throws Exception {
        assertThat(pick("L0: 5:[a-b] 6:[c-d] 7:[e-f] 8:[g-h]")).isEqualTo("nothing");
    }

    @Test
    void mergesADeepLevel0WithAllThatItSharesKeysWith() throws Exception {
        assertThat(pick("L0: 6:[a-d] 7:[a-k] 8:[c-m]  L1: 1:[a-b] 2:[k-p] 3:[x-z]")).isEqualTo("merge 8 7 6 1 2 -> L1");
    }

    @Test
    void takesOfLevel0WhatHangsTogetherOverOtherFiles() throws Exception {
        assertThat(pick("L0: 5:[a-c] 6:[b-f] 7:[e-h] 8:[b-c] 9:[y-z]")).isEqualTo("merge 8 7 6 5 -> L1");
    }

    @Test
    void level0WaitsUntilWhatItMeetsBelowIsWorthWritingAgain() throws Exception {
        String three = "L0: 6:[a-d] 7:[a-k] 8:[c-m]";
        assertThat(pick(three + " L1: 10:[a-p]")).as("21 KB above 10").isEqualTo("merge 8 7 6 10 -> L1");
        assertThat(pick(three + " L1: 11:[a-p]")).as("21 KB above 11").isEqualTo("nothing");
        assertThat(pick(three + " 9:[a-d] 10:[a-d] L1: 21:[a-p]")).as("five deep").isEqualTo("nothing");
        String six = three + " 9:[a-d] 10:[a-d] 11:[a-d]";
        assertThat(pick(six + " L1: 60:[a-p]")).as("six deep, 51 KB above 60").isEqualTo("merge 11 10 9 8 7 6 60 -> L1");
        assertThat(pick(six + " L1: 60:[x-z]")).as("meets nothing").isEqualTo("merge 11 10 9 8 7 6 -> L1");
    }

    @Test
    void aLevel0ThatIsSmallBesideWhatItMeetsBelowMergesItsNewestFiles() throws Exception {
        String below = " L1: 99:[a-p]";
        assertThat(pick("L0: 5:[a-d] 6:[a-d] 7:[a-k] 8:[c-m] 9:[a-d] 10:[a-d]" + below)).isEqualTo("merge 10 9 8 7 6 5 -> L0");
        assertThat(pick("L0: 1:[a-d]=30 2:[a-d]=7 3:[a-k]=2 4:[c-m]=2 5:[a-d]=2 6:[a-d]=2" + below)).as("up to the first that is larger than all newer ones")
                .isEqualTo("merge 6 5 4 3 2 -> L0");
        assertThat(pick("L0: 1:[a-d]=25 2:[a-d]=10 3:[a-k]=2 4:[c-m]=2 5:[a-d]=8 6:[a-d]=2" + below)).as("two at least")
                .isEqualTo("merge 6 5 4 3 2 -> L0");
        assertThat(pick("L0: 1:[a-d]=2 2:[a-d]=10 3:[a-k]=2 4:[c-m]=20 5:[a-d]=8 6:[a-d]=2" + below)).isEqualTo("merge 6 5 -> L0");
        assertThat(pick("L0: 5:[a-d] 6:[a-d] 7:[a-k] 8:[c-m] 9:[a-d] 10:[a-d]" + below, 7L)).isEqualTo("nothing");
    }

    @Test
    void movesAFileThatMeetsNothingBelow() throws Exception {
        assertThat(pick("L1: 90:[a-c] 91:[d-f]  L2: 3:[g-k]")).isEqualTo("move 90 -> L2");
    }

    @Test
    void takesTheFileWhoseMergeReadsLeast() throws Exception {
        assertThat(pick("L1: 60:[a-c] 61:[d-f]  L2: 50:[a-a] 51:[b-c] 9:[e-f]")).isEqualTo("merge 61 9 -> L2");
    }

    @Test
    void filesOfLevel0ThatShareNoKeyGoDownWhenTheyAreMany() throws Exception {
        StringBuilder picture = new StringBuilder("L0:");
        for (int i = 0; i < 6; i++) {
            assertThat(pick(picture.toString())).as("%s files", i).isEqualTo("nothing");
            picture.append(" ").append(i + 1).append(":[").append((char) ('a' + i)).append("-").append((char) ('a' + i)).append("]");
        }
        assertThat(pick(picture.toString())).isEqualTo("move 1 -> L1");
        assertThat(pick(picture + " L1: 90:[a-b]")).isEqualTo("merge 1 90 -> L1");
    }

    @Test
    void smallNeighboursAreJoined() throws Exception {
        String seven = "L1: 1:[a-a] 2:[b-b] 3:[c-c] 4:[d-d] 5:[e-e] 6:[f-f] 7:[g-g]";
        assertThat(pick(seven)).isEqualTo("nothing");
        assertThat(pick(seven + " 8:[h-h]")).isEqualTo("merge 1 2 3 4 5 6 7 8 -> L1");
        assertThat(pick(seven + " 8:[h-h]", 3L)).isEqualTo("nothing");
    }

    @Test
    void aFileOfTombstonesGoesDownToWhatTheyHide() throws Exception {
        assertThat(pick("L0: 8:[c-m]-  L1: 3:[a-f] 4:[m-p] 5:[x-z]  L2: 1:[a-z]")).isEqualTo("merge 8 3 4 -> L1");
        assertThat(pick("L0: 7:[a-d] 8:[c-m]- 6:[p-q]")).as("older files of level 0 go with it").isEqualTo("merge 8 7 -> L1");
        assertThat(pick("L1: 8:[c-m]- 5:[x-z]  L3: 1:[a-z]")).as("two levels above what they hide").isEqualTo("move 8 -> L2");
        assertThat(pick("L2: 8:[c-m]- 9:[p-q]  L3: 1:[x-z]")).as("above nothing, it is written anew").isEqualTo("merge 8 -> L2");
    }

    @Test
    void tombstonesThatASnapshotNeedsStay() throws Exception {
        assertThat(pick("L2: 99:[c-m]-")).isEqualTo("merge 99 -> L2");
        assertThat(pick("L2: 100:[c-m]-")).isEqualTo("nothing");
        assertThat(pick("L0: 8:[c-m]-  L1: 3:[a-f]", 3L)).isEqualTo("nothing");
        assertThat(pick("L0: 8:[c-m]-  L1: 3:[a-f]", 8L)).isEqualTo("nothing");
    }

    @Test
    void neverNamesABusyFile() throws Exception {
        assertThat(pick("L1: 60:[a-c] 61:[d-f]  L2: 50:[a-b] 9:[e-f]", 9L)).isEqualTo("merge 60 50 -> L2");
        assertThat(pick("L0: 6:[a-d] 7:[a-k] 8:[c-m]", 7L)).isEqualTo("nothing");
    }

    @Test
    void aRequestMergesAllLevelsIntoTheDeepestThatHasAny() throws Exception {
        FamilyVersion family = family("L0: 9:[a-z]  L1: 5:[c-d] 6:[x-y]  L3: 1:[a-d]");
        assertThat(picker.pickManual(family, KeyRange.of(bytes("c"), bytes("d")), false)).singleElement()
                .satisfies(plan -> assertThat(text(plan)).isEqualTo("merge 9 5 6 1 -> L3"));
        assertThat(picker.pickManual(family("L1: 5:[c-d]"), KeyRange.ALL, false)).isEmpty();
        assertThat(picker.pickManual(family("L1: 5:[c-d]"), KeyRange.ALL, true)).hasSize(1);
    }

    @Test
    void readsGetLevel0MergedBeforeItIsDeep() throws Exception {
        String two = "L0: 7:[a-k] 8:[c-m]  L1: 3:[a-f]";
        assertThat(pick(two)).isEqualTo("nothing");
        assertThat(picker.pickForReads(family(two), Set.of()).map(LeveledPickerTest::text)).contains("merge 8 7 3 -> L1");
        assertThat(picker.pickForReads(family(two), Set.of(3L))).isEmpty();
        assertThat(picker.pickForReads(family("L0: 7:[a-k]  L1: 3:[a-f]"), Set.of())).isEmpty();
    }

    private String pick(String picture, Long... busy) throws Exception {
        return picker.pick(family(picture), Set.of(busy), 1_000).map(LeveledPickerTest::text).orElse("nothing");
    }

    private static String text(CompactionPlan plan) {
        if (plan instanceof CompactionPlan.Merge merge) {
            return "merge " + merge.inputs().stream().map(file -> String.valueOf(file.id())).collect(Collectors.joining(" ")) + " -> L" + merge.outputLevel();
        }
        CompactionPlan.TrivialMove move = (CompactionPlan.TrivialMove) plan;
        return "move " + move.file().id() + " -> L" + move.outputLevel();
    }

    private static FamilyVersion family(String picture) throws Exception {
        VersionEdit edit = new VersionEdit().addFamily(1, FamilyOptions.builder("f").levelBaseBytes(100 << 10).build()).nextFamilyId(2);
        int level = 0;
        for (String word : picture.trim().split("\\s+")) {
            Matcher file = FILE.matcher(word);
            if (file.matches()) {
                long kilobytes = Long.parseLong(file.group(file.group(5) == null ? 1 : 5));
                edit.add(file(Long.parseLong(file.group(1)), kilobytes << 10, level, file.group(2), file.group(3), !file.group(4).isEmpty()));
            } else {
                level = Integer.parseInt(word.substring(1, 2));
            }
        }
        return Version.EMPTY.apply(edit).family(1);
    }

    private static FileReference file(long number, long bytes, int level, String first, String last, boolean tombstones) {
        KeyRange range = KeyRange.of(bytes(first), bytes(last + "\0"));
        SstableMetadata table = new SstableMetadata(bytes, 1000, 1000, tombstones ? 100 : 1000, tombstones ? 900 : 0, 0, 0, bytes(first), bytes(last), range, number * 10, number * 10 + 9,
                Long.MIN_VALUE, Long.MAX_VALUE, 100, 900, bytes, Long.MAX_VALUE, Long.MIN_VALUE, 1,
                tombstones ? 600 : 0);
        return FileReference.whole(number, number, 1, level, 0, table);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
