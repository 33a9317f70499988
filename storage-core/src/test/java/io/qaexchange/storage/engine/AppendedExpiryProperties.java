package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.Snapshot;
import io.qaexchange.storage.StoreIterator;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.StoreReader;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.MemoryVfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

/**
 * The expired front of appended values leaves the files, and nothing else does. A part is one byte, the time at which it was appended; it lives
 * for {@value #LIFE} ms.
 */
class AppendedExpiryProperties {

    private static final int LIFE = 10;
    private static final int KEYS = 4;
    private static final int STEPS = 150;
    private static final byte DELIMITER = ',';

    private final MemoryVfs disk = new MemoryVfs();
    private final Map<Byte, List<Byte>> model = new HashMap<>();
    private long now;

    /** A snapshot, and what had not expired when it was taken. */
    private record Pinned(Snapshot snapshot, Map<Byte, List<Byte>> live) {
    }

    private LsmStore open() throws IOException {
        StoreOptions options = StoreOptions.builder().vfs(disk).durability(Durability.NO_LOG).executor(Runnable::run).clock(() -> now).build();
        return LsmStore.open(Path.of("/store"), options);
    }

    private static ColumnFamily lists(LsmStore store) throws IOException {
        ColumnFamily family = store.createFamily(FamilyOptions.builder("lists").appendDelimiter(DELIMITER).build());
        store.expireAppended(family, () -> AppendedExpiryProperties::expired);
        return family;
    }

    private static int expired(Slice value, long nowMillis) {
        int at = 0;
        while (at < value.length() && value.getByte(at) + LIFE <= nowMillis) {
            at += 2;
        }
        return Math.min(at, value.length());
    }

    @Property(tries = 300)
    void whatIsReadLessWhatHasExpiredIsWhatWasAppended(@ForAll long seed) throws Exception {
        Random random = new Random(seed);
        List<Pinned> pinned = new ArrayList<>();
        try (LsmStore store = open()) {
            ColumnFamily family = lists(store);
            for (int step = 0; step < STEPS; step++) {
                byte key = (byte) random.nextInt(KEYS);
                switch (random.nextInt(12)) {
                    case 0 -> {
                        store.delete(family, Slice.of(key));
                        model.remove(key);
                    }
                    case 1 -> {
                        // As a list that is written anew: what is behind may be older than what is in front.
                        byte[] parts = {(byte) now, DELIMITER, (byte) random.nextInt((int) now + 1)};
                        store.put(family, Slice.of(key), Slice.of(parts));
                        model.put(key, new ArrayList<>(List.of(parts[0], parts[2])));
                    }
                    case 2 -> store.flush();
                    case 3 -> store.compact(family, KeyRange.ALL);
                    case 4 -> pinned.add(new Pinned(store.snapshot(), live()));
                    case 5 -> {
                        if (!pinned.isEmpty()) {
                            pinned.remove(random.nextInt(pinned.size())).snapshot().close();
                        }
                    }
                    case 6 -> now = Math.min(now + random.nextInt(LIFE), Byte.MAX_VALUE);
                    default -> {
                        store.append(family, Slice.of(key), Slice.of((byte) now));
                        model.computeIfAbsent(key, added -> new ArrayList<>()).add((byte) now);
                    }
                }
                if (step % 10 == 0) {
                    check(store, family, pinned);
                }
            }
            check(store, family, pinned);
            pinned.forEach(held -> held.snapshot().close());
            store.compact(family, KeyRange.ALL);
            checkFronts(store, family);
        }
    }

    private Map<Byte, List<Byte>> live() {
        Map<Byte, List<Byte>> live = new HashMap<>();
        model.forEach((key, parts) -> live.put(key, unexpired(parts, now)));
        live.values().removeIf(List::isEmpty);
        return live;
    }

    private static List<Byte> unexpired(List<Byte> parts, long atMillis) {
        return parts.stream().filter(part -> part + LIFE > atMillis).toList();
    }

    private void check(LsmStore store, ColumnFamily family, List<Pinned> pinned) throws IOException {
        assertThat(read(store.reader(), family)).isEqualTo(live());
        for (Pinned held : pinned) {
            Map<Byte, List<Byte>> expected = new HashMap<>();
            held.live().forEach((key, parts) -> expected.put(key, unexpired(parts, now)));
            expected.values().removeIf(List::isEmpty);
            assertThat(read(store.reader(held.snapshot()), family)).isEqualTo(expected);
            // Entries that had not expired when it was taken are all there.
            for (Map.Entry<Byte, List<Byte>> list : held.live().entrySet()) {
                try (StoreReader reader = store.reader(held.snapshot())) {
                    assertThat(reader.get(family, Slice.of(list.getKey()))).isTrue();
                    assertThat(parts(reader.value())).containsAll(list.getValue());
                }
            }
        }
    }

    private Map<Byte, List<Byte>> read(StoreReader reader, ColumnFamily family) throws IOException {
        Map<Byte, List<Byte>> found = new HashMap<>();
        try (reader) {
            for (byte key = 0; key < KEYS; key++) {
                if (reader.get(family, Slice.of(key))) {
                    found.put(key, unexpired(parts(reader.value()), now));
                }
            }
        }
        found.values().removeIf(List::isEmpty);
        return found;
    }

    private static List<Byte> parts(Slice value) {
        List<Byte> parts = new ArrayList<>();
        for (int at = 0; at < value.length(); at += 2) {
            parts.add(value.getByte(at));
        }
        return parts;
    }

    /** With all merged, no value begins with what has expired, and none is left that has expired altogether. */
    private void checkFronts(LsmStore store, ColumnFamily family) throws IOException {
        int keys = 0;
        try (StoreIterator rows = store.iterator(family)) {
            for (rows.seekToFirst(); rows.valid(); rows.next()) {
                assertThat(rows.value().getByte(0) + LIFE).isGreaterThan((int) now);
                keys++;
            }
        }
        long stored = store.approximateSize(family, KeyRange.ALL).entries();
        assertThat(stored).isEqualTo(keys);
    }

    @Example
    void valuesThatAreNotAppendedToAreRefused() throws Exception {
        try (LsmStore store = open()) {
            ColumnFamily plain = store.createFamily(FamilyOptions.builder("plain").build());
            assertThatThrownBy(() -> store.expireAppended(plain, () -> AppendedExpiryProperties::expired))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("plain").hasMessageContaining("no append delimiter");
        }
    }
}
