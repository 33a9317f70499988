package io.qaexchange.storage.datadriven;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.CompactionStyle;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreMetric;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.compaction.CompactionPicker;
import io.qaexchange.storage.compaction.CompactionPlan;
import io.qaexchange.storage.compaction.LeveledPicker;
import io.qaexchange.storage.compaction.TimeWindowPicker;
import io.qaexchange.storage.datadriven.TextTest.Command;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.manifest.DropWatermark;
import io.qaexchange.storage.manifest.FamilyVersion;
import io.qaexchange.storage.manifest.ManifestReader;
import io.qaexchange.storage.manifest.ManifestWriter;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.manifest.VersionEdit;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.MemoryVfs;
import io.qaexchange.storage.vfs.PowerCut;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The texts of {@code src/test/resources/datadriven}. */
class DataDrivenTest {
    private static final StoreOptions PICKER_OPTIONS = StoreOptions.builder().level0(3, 6, 12).build();

    @Test
    void leveledPicker() throws Exception {
        picker("leveled-picker.txt", new LeveledPicker(PICKER_OPTIONS), FamilyOptions.builder("f").levelBaseBytes(100 << 10).build());
    }

    @Test
    void timeWindowPicker() throws Exception {
        picker("time-window-picker.txt", new TimeWindowPicker(PICKER_OPTIONS), FamilyOptions.builder("f").compactionStyle(CompactionStyle.TIME_WINDOW)
                .eventTimeFromEnd(8).windowNanos(100).fileBytes(1 << 20).build());
    }

    private static void picker(String file, CompactionPicker picker, FamilyOptions options) throws Exception {
        boolean windowed = options.compactionStyle() == CompactionStyle.TIME_WINDOW;
        FamilyVersion[] family = {null};
        TextTest.run(file, command -> {
            Set<Long> busy = Arrays.stream(command.option("busy", "").split(",")).filter(word -> !word.isEmpty()).map(Long::valueOf).collect(Collectors.toSet());
            long snapshot = Long.parseLong(command.option("snapshot", String.valueOf(Long.MAX_VALUE)));
            switch (command.name()) {
                case "define" -> {
                    family[0] = Pictures.family(options, command.input());
                    return "level 0 is " + family[0].level0Depth() + " deep";
                }
                case "pick" -> {
                    return picker.pick(family[0], busy, snapshot).map(plan -> Pictures.text(plan, windowed)).orElse("nothing");
                }
                case "pick-for-reads" -> {
                    return picker.pickForReads(family[0], busy).map(plan -> Pictures.text(plan, windowed)).orElse("nothing");
                }
                case "pick-manual" -> {
                    KeyRange range = KeyRange.of(Pictures.bytes(command.option("from", "a")), Pictures.bytes(command.option("to", "zz")));
                    List<CompactionPlan> plans = picker.pickManual(family[0], range, command.words().contains("may-expire"));
                    return plans.isEmpty() ? "nothing" : plans.stream().map(plan -> Pictures.text(plan, windowed)).collect(Collectors.joining("\n"));
                }
                case "explain" -> {
                    return picker.explain(family[0]);
                }
                default -> throw new IllegalArgumentException("no such command: " + command.name());
            }
        });
    }

    /** {@code family 2 name}, {@code drop-family 2}, {@code remove 3 4}, {@code drop a-k before 120 #5}, {@code flushed 7 segment 3}, levels of family 1. */
    private static VersionEdit edit(List<String> lines) {
        VersionEdit edit = Pictures.edit(1, lines.stream().filter(line -> line.matches("[LW]\\d+:.*")).toList());
        for (String line : lines) {
            String[] words = line.split(" +");
            switch (words[0]) {
                case "family" -> edit.addFamily(Integer.parseInt(words[1]), FamilyOptions.builder(words[2]).build());
                case "drop-family" -> edit.dropFamily(Integer.parseInt(words[1]));
                case "remove" -> Arrays.stream(words).skip(1).forEach(id -> edit.remove(Long.parseLong(id)));
                case "drop" -> {
                    String[] range = words[1].split("-");
                    edit.addDropWatermark(new DropWatermark(1, KeyRange.of(Pictures.bytes(range[0]), Pictures.bytes(range[1])), Long.parseLong(words[3]),
                            Long.parseLong(words[4].substring(1))));
                }
                case "remove-drop" -> edit.removeDropWatermark(Long.parseLong(words[1].substring(1)));
                case "flushed" -> edit.flushed(Long.parseLong(words[1]), Long.parseLong(words[3]));
                case "epoch" -> edit.epoch(Long.parseLong(words[1]), List.of());
                case "next" -> edit.nextNumbers(Long.parseLong(words[1]), Long.parseLong(words[2]));
                default -> {
                    if (!line.matches("[LW]\\d+:.*")) {
                        throw new IllegalArgumentException("no such edit: " + line);
                    }
                }
            }
        }
        return edit;
    }

    @Test
    void versionApply() throws Exception {
        Version[] version = {Version.EMPTY};
        TextTest.run("version.txt", command -> {
            if (command.name().equals("reset")) {
                version[0] = Version.EMPTY;
            } else {
                version[0] = version[0].apply(edit(command.input()));
            }
            return Pictures.text(version[0]);
        });
    }

    @Test
    void manifest() throws Exception {
        Path file = Path.of("/store/MANIFEST-000001");
        MemoryVfs disk = new MemoryVfs();
        disk.createDirectories(file.getParent());
        ManifestWriter[] writer = {null};
        TextTest.run("manifest.txt", command -> {
            switch (command.name()) {
                case "create" -> {
                    writer[0] = ManifestWriter.create(disk, file, Version.EMPTY.apply(edit(command.input())));
                }
                case "append" -> writer[0].append(edit(command.input()));
                case "cut" -> disk.replace(file, Arrays.copyOf(disk.contents(file), (int) disk.size(file) - Integer.parseInt(command.words().get(1))));
                case "flip" -> {
                    byte[] bytes = disk.contents(file);
                    bytes[Integer.parseInt(command.words().get(1))] ^= 1;
                    disk.replace(file, bytes);
                }
                case "close" -> {
                    writer[0].close();
                }
                case "read" -> {
                    ManifestReader reader = ManifestReader.read(disk, file);
                    return reader.edits().size() + " edits, torn bytes " + reader.tornBytes() + "\n" + Pictures.text(reader.version());
                }
                default -> throw new IllegalArgumentException("no such command: " + command.name());
            }
            return disk.size(file) + " bytes";
        });
    }

    @Test
    void recovery() throws Exception {
        Recovering recovering = new Recovering();
        TextTest.run("recovery.txt", recovering::answer);
        recovering.end();
    }

    /** A store that is opened, written, closed, killed and damaged. */
    private static final class Recovering {
        private static final Path FOLDER = Path.of("/store");
        private MemoryVfs disk = new MemoryVfs();
        private LsmStore store;

        String answer(Command command) throws IOException {
            switch (command.name()) {
                case "reset" -> {
                    end();
                    disk = new MemoryVfs();
                    return "ok";
                }
                case "open" -> {
                    store = LsmStore.open(FOLDER, StoreOptions.builder().vfs(disk).executor(Runnable::run).clock(() -> 0)
                            .durability(Durability.valueOf(command.option("durability", "GROUP_COMMIT"))).build());
                    store.createFamily(FamilyOptions.builder("f").build());
                    return "store-epoch=" + store.storeEpoch() + " sequence=" + store.lastSequence() + " replayed="
                            + store.statistics().get(StoreMetric.RECOVERY_REPLAYED_OPERATIONS) + " torn="
                            + store.statistics().get(StoreMetric.RECOVERY_TORN_BYTES) + "\n" + rows();
                }
                case "put" -> {
                    for (String pair : command.words().subList(1, command.words().size())) {
                        String[] keyAndValue = pair.split("=");
                        store.put(store.family("f"), Pictures.bytes(keyAndValue[0]), Pictures.bytes(keyAndValue[1]));
                    }
                    return "sequence=" + store.lastSequence() + " durable=" + store.durableSequence();
                }
                case "delete" -> {
                    store.delete(store.family("f"), Pictures.bytes(command.words().get(1)));
                    return "sequence=" + store.lastSequence() + " durable=" + store.durableSequence();
                }
                case "delete-range" -> {
                    store.deleteRange(store.family("f"), KeyRange.of(Pictures.bytes(command.words().get(1)), Pictures.bytes(command.words().get(2))));
                    return "sequence=" + store.lastSequence() + " durable=" + store.durableSequence();
                }
                case "sync" -> {
                    store.sync();
                    return "durable=" + store.durableSequence();
                }
                case "flush" -> {
                    store.flush();
                    return "durable=" + store.durableSequence();
                }
                case "close" -> {
                    store.close();
                    return "ok";
                }
                case "power-cut" -> {
                    MemoryVfs after = disk.afterPowerCut(PowerCut.KEEPS_SYNCED);
                    store.discard();
                    disk = after;
                    return files();
                }
                case "kill" -> {
                    MemoryVfs after = disk.afterKill();
                    store.discard();
                    disk = after;
                    return files();
                }
                case "files" -> {
                    return files();
                }
                case "cut" -> {
                    Path file = FOLDER.resolve(command.words().get(1));
                    disk.replace(file, Arrays.copyOf(disk.contents(file), (int) disk.size(file) - Integer.parseInt(command.words().get(2))));
                    return files();
                }
                case "flip" -> {
                    Path file = FOLDER.resolve(command.words().get(1));
                    byte[] bytes = disk.contents(file);
                    bytes[Integer.parseInt(command.words().get(2))] ^= 1;
                    disk.replace(file, bytes);
                    return "ok";
                }
                case "remove" -> {
                    disk.delete(FOLDER.resolve(command.words().get(1)));
                    return files();
                }
                default -> throw new IllegalArgumentException("no such command: " + command.name());
            }
        }

        private String files() throws IOException {
            StringBuilder text = new StringBuilder();
            for (String name : disk.list(FOLDER)) {
                text.append(name).append(' ').append(disk.size(FOLDER.resolve(name))).append('\n');
            }
            return text.toString();
        }

        private String rows() throws IOException {
            StringBuilder text = new StringBuilder();
            ColumnFamily family = store.family("f");
            try (StoreIterator rows = store.iterator(family)) {
                for (rows.seekToFirst(); rows.valid(); rows.next()) {
                    text.append(rows.key()).append('=').append(Slice.of(rows.value().toByteArray())).append(' ');
                }
            }
            return text.length() == 0 ? "no rows" : text.toString().trim();
        }

        void end() throws IOException {
            if (store != null) {
                store.discard();
            }
        }
    }
}
