package io.qaexchange.storage.datadriven;

import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.compaction.CompactionPlan;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.FileReference;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.SstableMetadata;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The notation of levels, windows and plans.
 *
 * <pre>
 *   L0: 7:[a-k] 8:[c-m]-        a file: its number, which is also its age, first and last key; - : nearly all of it are tombstones
 *   L1: 3:[a-f]=20              =20: kilobytes, else the number is
 *   W2: 5:[a-c]@200-299         a window of event time; @ first and last event time of the file
 * </pre>
 */
final class Pictures {
    private static final Pattern FILE = Pattern.compile("(\\d+):\\[(\\w+)-(\\w+)](-?)(?:=(\\d+))?(?:@(\\d+)-(\\d+))?");

    private Pictures() {}

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Lines of a level or window each. */
    static VersionEdit edit(int family, List<String> lines) {
        VersionEdit edit = new VersionEdit();
        for (String line : lines) {
            String[] words = line.trim().split("\\s+");
            boolean window = words[0].startsWith("W");
            int place = Integer.parseInt(words[0].substring(1, words[0].length() - 1));
            for (int i = 1; i < words.length; i++) {
                edit.add(file(words[i], family, window ? 1 : place, window ? place : 0));
            }
        }
        return edit;
    }

    static FileReference file(String word, int family, int level, long window) {
        Matcher file = FILE.matcher(word);
        if (!file.matches()) {
            throw new IllegalArgumentException("not a file: " + word);
        }
        long number = Long.parseLong(file.group(1));
        long bytes = Long.parseLong(file.group(file.group(5) == null ? 1 : 5)) << 10;
        boolean tombstones = !file.group(4).isEmpty();
        boolean timed = file.group(6) != null;
        byte[] first = bytes(file.group(2));
        byte[] last = bytes(file.group(3));
        SstableMetadata table = new SstableMetadata(bytes, 1000, 1000, tombstones ? 100 : 1000, tombstones ? 900 : 0, 0, 0, first, last,
                KeyRange.of(first, bytes(file.group(3) + "\0")), number * 10, number * 10 + 9, timed ? Long.parseLong(file.group(6)) : Long.MIN_VALUE,
                timed ? Long.parseLong(file.group(7)) : Long.MAX_VALUE, 100, 900, bytes, Long.MAX_VALUE, Long.MIN_VALUE, 1, tombstones ? 600 : 0);
        return FileReference.whole(number, number, family, level, window, table);
    }

    static FamilyVersion family(FamilyOptions options, List<String> lines) throws IOException {
        VersionEdit edit = edit(1, lines).addFamily(1, options).nextFamilyId(2);
        return Version.EMPTY.apply(edit).family(1);
    }

    /** {@code merge L0(7,8) + L1(3) -> L1}; {@code move L1(90) -> L2}. */
    static String text(CompactionPlan plan, boolean windowed) {
        List<String> places = new ArrayList<>();
        Map<String, List<FileReference>> byPlace = plan.inputs().stream().collect(Collectors.groupingBy(file -> place(file.level(), file.window(), windowed),
                java.util.LinkedHashMap::new, Collectors.toList()));
        byPlace.forEach((place, files) -> places.add(place + files.stream().map(file -> String.valueOf(file.id())).collect(Collectors.joining(",", "(", ")"))));
        String inputs = String.join(" + ", places);
        String reason = "  # " + plan.reason();
        if (plan instanceof CompactionPlan.Merge merge) {
            return "merge " + inputs + " -> " + place(merge.outputLevel(), merge.outputWindow(), windowed) + reason;
        }
        if (plan instanceof CompactionPlan.TrivialMove move) {
            return "move " + inputs + " -> " + place(move.outputLevel(), move.outputWindow(), windowed) + reason;
        }
        return "drop " + inputs + reason;
    }

    private static String place(int level, long window, boolean windowed) {
        return windowed && level > 0 ? "W" + window : "L" + level;
    }

    /** A version as lines. */
    static String text(Version version) {
        StringBuilder text = new StringBuilder();
        text.append("store-epoch=").append(version.epoch()).append(" flushed=").append(version.flushedSequence()).append(" oldest-segment=")
                .append(version.oldestSegment()).append(" next-file=").append(version.nextFileNumber()).append('\n');
        for (FamilyVersion family : version.families()) {
            text.append("family ").append(family.family().id()).append(' ').append(family.family().name()).append('\n');
            for (int level = 0; level < FamilyVersion.LEVELS; level++) {
                line(text, "L" + level, family.level(level));
            }
            family.windows().forEach((window, files) -> line(text, "W" + window, files));
            version.dropWatermarks(family.family().id()).forEach(watermark -> text.append("  drop ").append(Slice.printable(watermark.range().lower())).append('-')
                    .append(Slice.printable(watermark.range().upper())).append(" before ").append(watermark.eventTime()).append(" #").append(watermark.sequence())
                    .append('\n'));
        }
        return text.toString();
    }

    private static void line(StringBuilder text, String place, List<FileReference> files) {
        if (!files.isEmpty()) {
            text.append("  ").append(place).append(':');
            files.forEach(file -> text.append(' ').append(file.id()).append(":[").append(Slice.printable(file.table().smallestKey())).append('-')
                    .append(Slice.printable(file.table().largestKey())).append(']'));
            text.append('\n');
        }
    }
}
