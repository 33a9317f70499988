package io.qaexchange.storage.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.storage.ColumnFamily;
import io.qaexchange.storage.Durability;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.engine.LsmStore;
import io.qaexchange.storage.error.StoreClosedException;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.key.KeyRange;
import io.qaexchange.storage.vfs.FaultyVfs;
import io.qaexchange.storage.vfs.MemoryVfs;
import io.qaexchange.storage.vfs.PowerCut;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * One script, run again and again, each time with another call to the file system failing, or the disk full a little later. Whatever
 * fails, the program is told, reads go on or say why not, and after the trouble nothing that was acknowledged is gone, with and without
 * a power cut.
 */
class FaultInjectionTest {
    /** A program that writes, and what came of it. */
    private static final class Script {
        private final FaultyVfs vfs;
        private final Durability durability;
        private final WriteLog log = new WriteLog();
        private final Map<Integer, Boolean> families = new HashMap<>(Map.of(1, false, 2, false));
        private LsmStore store;
        private StoreOptions options;
        private long promised;
        private IOException failure;

        Script(FaultyVfs vfs, Durability durability) {
            this.vfs = vfs;
            this.durability = durability;
        }

        void run() throws IOException {
            try {
                writeReopenAndWrite();
            } catch (IOException e) {
                failure = e;
                afterFailure();
            } finally {
                close();
            }
        }

        private void writeReopenAndWrite() throws IOException {
            open();
            for (int i = 0; i < 12; i++) {
                write(i);
                if (i % 4 == 3) {
                    store.sync();
                    store.flush();
                }
            }
            store.compact(store.family("state"), KeyRange.ALL);
            store.compact(store.family("events"), KeyRange.ALL);
            write(20);
            store.sync();
            close();
            open();
            for (int i = 30; i < 34; i++) {
                write(i);
            }
            store.flush();
            store.awaitIdle();
            write(40);
            store.sync();
            close();
        }

        private void open() throws IOException {
            options = SimulatedStore.options(vfs, durability).build();
            store = LsmStore.open(SimulatedStore.FOLDER, options);
            ColumnFamily state = store.createFamily(SimulatedStore.STATE);
            families.put(state.id(), true);
            ColumnFamily events = store.createFamily(SimulatedStore.EVENTS);
            families.put(events.id(), true);
        }

        private void write(int i) throws IOException {
            byte[] key = ("key" + i % 7).getBytes(StandardCharsets.UTF_8);
            byte[] event = EventKeys.of((char) ('a' + i % 2), i * 10L, 0);
            WriteLog.Write write = log.write().put(store.family("state"), key, new byte[50 + i]).put(store.family("events"), event, key);
            if (i % 5 == 4) {
                write.deleteRange(store.family("state"), KeyRange.prefix(key)).dropBefore(store.family("events"), KeyRange.of(new byte[] {'a'}, new byte[] {'b'}), i * 5L);
            }
            store.write(write.begin());
            note();
        }

        private void note() {
            promised = Math.max(promised, store.durableSequence());
        }

        /** The store says that it has stopped, whatever is asked of it, or was never open. */
        private void afterFailure() throws IOException {
            if (store == null) {
                return;
            }
            note();
            assertThat(hasCause(failure, "injected failure") || hasCause(failure, "No space left")).as("the cause is kept: %s", failure).isTrue();
            long last = store.lastSequence();
            assertThat(last).isBetween(promised, log.lastSequence());
            for (ColumnFamily family : store.families()) {
                NavigableMap<byte[], byte[]> contents;
                try {
                    contents = SimulatedStore.contents(store, family);
                } catch (IOException e) {
                    assertThat(e.getMessage()).isNotBlank();
                    continue;
                }
                assertThat(WriteLog.digest(contents)).as("%s is read right after %s", family, failure).isEqualTo(log.digest(family.id(), last));
            }
        }

        private static boolean hasCause(Throwable thrown, String text) {
            for (Throwable at = thrown; at != null; at = at.getCause()) {
                if (String.valueOf(at.getMessage()).contains(text)) {
                    return true;
                }
            }
            return false;
        }

        private void close() {
            if (store == null) {
                return;
            }
            LsmStore closing = store;
            store = null;
            try {
                closing.close();
                promised = failure == null ? log.lastSequence() : promised;
            } catch (IOException e) {
                failure = failure == null ? e : failure;
            }
            SimulatedStore.checkNothingHeld(vfs.disk(), options);
        }

        /** The present files, once as a killed process leaves them and once after a power cut. */
        void checkWhatIsLeft() throws IOException {
            CrashedStore.Promise promise = new CrashedStore.Promise(log, promised, log.lastSequence(), families);
            MemoryVfs afterPowerCut = vfs.disk().afterPowerCut(PowerCut.KEEPS_SYNCED);
            CrashedStore.check(vfs.disk().afterKill(), promise, durability);
            CrashedStore.check(afterPowerCut, promise, durability);
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void eachCallMayFailOnce(Durability durability) throws IOException {
        FaultyVfs counting = new FaultyVfs(new MemoryVfs());
        new Script(counting, durability).run();
        long calls = counting.calls();
        assertThat(calls).isGreaterThan(100);
        for (long n = 0; n < calls; n++) {
            long failing = n;
            check(new Script(new FaultyVfs(new MemoryVfs()).failing(number -> number == failing), durability), "call " + n + " failed");
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void allCallsMayFailFromOneOn(Durability durability) throws IOException {
        FaultyVfs counting = new FaultyVfs(new MemoryVfs());
        new Script(counting, durability).run();
        for (long n = 0; n < counting.calls(); n += 3) {
            long first = n;
            check(new Script(new FaultyVfs(new MemoryVfs()).failing(number -> number >= first), durability), "all calls failed from " + n + " on");
        }
    }

    @ParameterizedTest
    @EnumSource(Durability.class)
    void theDiskMayBeFullAtEachSize(Durability durability) throws IOException {
        FaultyVfs counting = new FaultyVfs(new MemoryVfs());
        new Script(counting, durability).run();
        for (long capacity = 0; capacity < counting.appendedBytes(); capacity += 23) {
            check(new Script(new FaultyVfs(new MemoryVfs()).capacityBytes(capacity), durability), "disk full at " + capacity + " bytes");
        }
    }

    private static void check(Script script, String what) {
        try {
            script.run();
            script.checkWhatIsLeft();
        } catch (Throwable e) {
            throw new AssertionError(what + "; the program saw: " + script.failure, e);
        }
    }

    @ParameterizedTest
    @EnumSource(value = Durability.class, names = "NO_LOG", mode = EnumSource.Mode.EXCLUDE)
    void writesStopWithTheCauseAfterAFailedSync(Durability durability) throws IOException {
        FaultyVfs vfs = new FaultyVfs(new MemoryVfs());
        LsmStore store = LsmStore.open(SimulatedStore.FOLDER, SimulatedStore.options(vfs, durability).build());
        ColumnFamily state = store.createFamily(SimulatedStore.STATE);
        store.put(state, new byte[] {1}, new byte[] {1});
        store.sync();
        vfs.before((kind, path) -> {
            if (kind == FaultyVfs.Kind.SYNC) {
                throw new IOException("the disk has failed: " + path);
            }
        });
        assertThatThrownBy(() -> {
            store.put(state, new byte[] {2}, new byte[] {2});
            store.sync();
        }).hasMessageContaining("the disk has failed");
        vfs.before((kind, path) -> { });
        // The disk is well again; what it lost meanwhile nobody knows, so the store stays stopped.
        assertThatThrownBy(() -> store.put(state, new byte[] {3}, new byte[] {3})).isInstanceOf(StoreClosedException.class)
                .hasMessageContaining("the disk has failed").hasCauseInstanceOf(IOException.class);
        assertThatThrownBy(store::sync).isInstanceOf(StoreClosedException.class);
        assertThatThrownBy(store::flush).isInstanceOf(StoreClosedException.class);
        assertThat(store.get(state, new byte[] {1})).containsExactly(1);
        if (durability == Durability.SYNC_EACH) {
            // The write that was not acknowledged was never part of the store.
            store.close();
        } else {
            assertThatThrownBy(store::close).isInstanceOf(StoreException.class).hasMessageContaining("sequence numbers 2 to 2");
        }
        try (LsmStore again = LsmStore.open(SimulatedStore.FOLDER, SimulatedStore.options(vfs, durability).build())) {
            assertThat(again.get(again.family("state"), new byte[] {1})).containsExactly(1);
        }
    }
}
