package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.Checkpoint;
import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.FamilyOptions;
import io.qaexchange.storage.WriteBatch;
import io.qaexchange.storage.crash.CrashedStore.Promise;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.vfs.MemoryVfs;
import io.qaexchange.storage.vfs.PowerCut;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * A history of one store, decided by a seed, in which the power goes after every call that changes the disk, in several ways. Each image
 * is opened and checked by {@link CrashedStore}; on some, the history of the recovery itself is gone through in the same manner. Now and
 * then the history goes on from what a crash left. One thread.
 */
final class CrashHistory {
    private static final int IMAGES_PER_CALL = 12;
    private static final int IMAGES_PER_CALL_OF_RECOVERY = 3;
    private static final int RECOVERIES_ONE_IN = 40;

    private final long seed;
    private final Durability durability;
    private final CrashCounts counts;
    private final int imagesPerCall;
    private final boolean inner;
    private final SplittableRandom random;

    private MemoryVfs disk;
    private WriteLog log;
    private LsmStore store;
    private long promised;
    private final Map<Integer, Boolean> families = new HashMap<>();
    private ColumnFamily state;
    private ColumnFamily events;
    private ColumnFamily spare;
    private CrashedStore.Taken taken;
    private long callNumber;
    private String step = "open";

    CrashHistory(long seed, Durability durability, CrashCounts counts) {
        this(seed, durability, counts, new MemoryVfs(), new WriteLog(), 0, Map.of(), false);
    }

    private CrashHistory(long seed, Durability durability, CrashCounts counts, MemoryVfs disk, WriteLog log, long promised,
            Map<Integer, Boolean> families, boolean inner) {
        this.seed = seed;
        this.durability = durability;
        this.counts = counts;
        this.inner = inner;
        imagesPerCall = inner ? IMAGES_PER_CALL_OF_RECOVERY : IMAGES_PER_CALL;
        this.log = log;
        this.promised = promised;
        this.families.putAll(families);
        random = new SplittableRandom(seed);
        use(disk);
    }

    private void use(MemoryVfs newDisk) {
        disk = newDisk;
        disk.observer(this::changed);
    }

    /** The whole history. */
    void run(int steps) {
        try {
            open();
            for (int i = 0; i < steps; i++) {
                step();
            }
            close();
            counts.history();
        } catch (Throwable e) {
            throw new AssertionError("crash history failed: " + causes(e) + "; seed=" + seed + " durability=" + durability + " step=" + step + " disk=" + disk, e);
        }
    }

    /** The failure in one line, for reports that show no stack. */
    private static String causes(Throwable failure) {
        StringBuilder text = new StringBuilder();
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            text.append(text.isEmpty() ? "" : ", because ").append(cause);
            for (Throwable further : cause.getSuppressed()) {
                text.append(" (and ").append(further).append(')');
            }
        }
        return text.toString();
    }

    /** Acts as a program that finds its store crashed: opens it and goes on. */
    private void runRecovery() throws IOException {
        open();
        put();
        batch();
        store.sync();
        flush();
        close();
    }

    // The crashes.

    private void changed(MemoryVfs.Operation operation, Path path) {
        callNumber++;
        counts.crashPoint();
        if (store != null) {
            promised = Math.max(promised, store.durableSequence());
        }
        Promise promise = new Promise(log, promised, log.lastSequence(), Map.copyOf(families), taken);
        Phase phase = Phase.current();
        crash(PowerCut.KEEPS_ALL, promise, phase, operation, path);
        if (!disk.isAllDurable()) {
            crash(PowerCut.KEEPS_SYNCED, promise, phase, operation, path);
            for (int i = 2; i < imagesPerCall; i++) {
                crash(PowerCut.random(seed * 1_000_003 + callNumber * 31 + i), promise, phase, operation, path);
            }
        }
        if (!inner && callNumber % RECOVERIES_ONE_IN == 0) {
            exploreRecovery(disk.afterKill(), promise, operation, path);
        }
    }

    private void crash(PowerCut cut, Promise promise, Phase phase, MemoryVfs.Operation operation, Path path) {
        MemoryVfs image = disk.afterPowerCut(cut);
        long hash = image.contentHash();
        if (!counts.isNew(hash, durability, phase)) {
            return;
        }
        if (!inner && hash % RECOVERIES_ONE_IN == 0) {
            exploreRecovery(image.afterKill(), promise, operation, path);
        }
        check(image, promise, operation, path);
    }

    private long check(MemoryVfs image, Promise promise, MemoryVfs.Operation operation, Path path) {
        String left = image.toString();
        try {
            return CrashedStore.check(image, promise, durability);
        } catch (Throwable e) {
            throw new AssertionError("crash after call " + callNumber + " (" + operation + " " + path + ") in step " + step + (inner ? " of a recovery" : "")
                    + "; left: " + left, e);
        }
    }

    /** Opens what was left, with a crash after every call of that. */
    private void exploreRecovery(MemoryVfs left, Promise promise, MemoryVfs.Operation operation, Path path) {
        long recovered = check(left.afterKill(), promise, operation, path);
        CrashHistory recovery = new CrashHistory(seed ^ callNumber, durability, counts, left, promise.log().upTo(recovered), promise.atLeast(),
                promise.families(), true);
        try {
            recovery.runRecovery();
        } catch (Throwable e) {
            throw new AssertionError("recovery after call " + callNumber + " (" + operation + " " + path + ") in step " + step, e);
        }
    }

    // The steps.

    private void open() throws IOException {
        store = null;
        LsmStore opened = LsmStore.open(SimulatedStore.FOLDER, SimulatedStore.options(disk, durability).build());
        store = opened;
        assertThat(store.lastSequence()).isEqualTo(log.lastSequence());
        families.clear();
        store.families().forEach(family -> families.put(family.id(), true));
        state = create(SimulatedStore.STATE);
        events = create(SimulatedStore.EVENTS);
        spare = store.family(SimulatedStore.SPARE.name());
    }

    private ColumnFamily create(FamilyOptions options) throws IOException {
        int next = families.keySet().stream().mapToInt(Integer::intValue).max().orElse(0) + 1;
        for (int id = next; id < next + 10; id++) {
            families.putIfAbsent(id, false);
        }
        ColumnFamily family = store.createFamily(options);
        families.values().removeIf(certain -> !certain);
        families.put(family.id(), true);
        return family;
    }

    private void close() throws IOException {
        store.close();
        promised = log.lastSequence();
        store = null;
    }

    private void step() throws IOException {
        int what = random.nextInt(1000);
        step = String.valueOf(what);
        if (what < 300) {
            put();
        } else if (what < 380) {
            delete();
        } else if (what < 460) {
            append();
        } else if (what < 490) {
            write(log.write().deleteRange(random.nextBoolean() ? state : events, range()));
        } else if (what < 530) {
            dropBefore();
        } else if (what < 680) {
            batch();
        } else if (what < 800) {
            store.sync();
        } else if (what < 860) {
            flush();
        } else if (what < 890) {
            store.compact(random.nextBoolean() ? state : events, random.nextBoolean() ? KeyRange.ALL : range());
        } else if (what < 920) {
            store.awaitIdle();
        } else if (what < 940) {
            createOrDropSpare();
        } else if (what < 955) {
            checkpoint();
        } else if (what < 980) {
            close();
            open();
        } else {
            goOnAfterCrash();
        }
    }

    private void flush() throws IOException {
        store.flush();
    }

    private void write(WriteLog.Write write) throws IOException {
        WriteBatch batch = write.begin();
        store.write(batch);
        assertThat(store.lastSequence()).isEqualTo(log.lastSequence());
    }

    private void put() throws IOException {
        int which = random.nextInt(spare == null ? 2 : 3);
        ColumnFamily family = which == 0 ? state : which == 1 ? events : spare;
        write(log.write().put(family, family == events ? eventKey() : key(), value()));
    }

    private void delete() throws IOException {
        ColumnFamily family = random.nextBoolean() ? state : events;
        write(log.write().delete(family, family == events ? eventKey() : key()));
    }

    private void append() throws IOException {
        write(log.write().append(state, key(), value()));
    }

    private void dropBefore() throws IOException {
        byte[] prefix = {(byte) ('a' + random.nextInt(3))};
        write(log.write().dropBefore(events, KeyRange.prefix(prefix), random.nextInt(220) - 20));
    }

    private void batch() throws IOException {
        WriteLog.Write write = log.write();
        for (int i = 1 + random.nextInt(8); i > 0; i--) {
            switch (random.nextInt(4)) {
                case 0 -> write.put(state, key(), value());
                case 1 -> write.put(events, eventKey(), value());
                case 2 -> write.append(state, key(), value());
                default -> write.delete(state, key());
            }
        }
        write(write);
    }

    private void createOrDropSpare() throws IOException {
        if (spare == null) {
            spare = create(SimulatedStore.SPARE);
        } else {
            families.put(spare.id(), false);
            store.dropFamily(spare);
            families.remove(spare.id());
            spare = null;
        }
    }

    private void checkpoint() throws IOException {
        Path folder = Path.of("/checkpoint-" + callNumber);
        try (Checkpoint checkpoint = store.checkpoint()) {
            Map<String, Integer> held = new HashMap<>();
            store.families().forEach(family -> held.put(family.name(), family.id()));
            taken = new CrashedStore.Taken(folder, checkpoint.sequence(), held, false);
            put();
            checkpoint.writeTo(folder);
        }
        taken = new CrashedStore.Taken(folder, taken.sequence(), taken.families(), true);
        put();
        store.sync();
        taken = null;
    }

    /** The crash happens to this history too: it goes on with what was left. */
    private void goOnAfterCrash() throws IOException {
        boolean power = random.nextBoolean();
        MemoryVfs left = power ? disk.afterPowerCut(PowerCut.random(random.nextLong())) : disk.afterKill();
        disk.observer((operation, path) -> {});
        store.discard();
        store = null;
        Promise promise = new Promise(log, promised, log.lastSequence(), Map.copyOf(families));
        long recovered = check(left.afterKill(), promise, null, null);
        log = log.upTo(recovered);
        use(left);
        open();
    }

    private byte[] key() {
        String text = switch (random.nextInt(3)) {
            case 0 -> "k" + random.nextInt(10);
            case 1 -> "key-with-a-longer-prefix-" + random.nextInt(60);
            default -> String.valueOf((char) ('a' + random.nextInt(26)));
        };
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private byte[] eventKey() {
        return EventKeys.of((char) ('a' + random.nextInt(3)), random.nextInt(220) - 20L, random.nextInt(2));
    }

    private byte[] value() {
        if (random.nextInt(12) == 0) {
            byte[] bytes = new byte[400 + random.nextInt(1500)];
            random.nextBytes(bytes);
            return bytes;
        }
        return ("v" + random.nextInt(1000)).repeat(random.nextInt(30)).getBytes(StandardCharsets.UTF_8);
    }

    private KeyRange range() {
        byte[] a = random.nextBoolean() ? eventKey() : key();
        byte[] b = random.nextBoolean() ? eventKey() : key();
        return Arrays.compareUnsigned(a, b) <= 0 ? KeyRange.of(a, b) : KeyRange.of(b, a);
    }
}
