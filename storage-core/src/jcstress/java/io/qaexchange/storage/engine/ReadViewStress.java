package io.qaexchange.storage.engine;

import io.qaexchange.storage.Durability;
import io.qaexchange.storage.StoreOptions;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.manifest.Version;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.memtable.Memtable;
import java.nio.file.Path;
import java.util.List;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A reader pins a view while the store replaces it: what it holds stays until both have let go, and then it goes. */
@JCStressTest
@State
@Outcome(id = {"0, 0", "1, 0"}, expect = Expect.ACCEPTABLE, desc = "held while used, or refused; nothing left")
@Outcome(expect = Expect.FORBIDDEN, desc = "used after it was given back, or never given back")
public class ReadViewStress {
    private static final StoreOptions OPTIONS = StoreOptions.builder().durability(Durability.NO_LOG).build();
    private static final FileTable NO_FILES = new FileTable(Path.of("none"), OPTIONS, new BlockCache(OPTIONS.memoryPool(), 1), null, fault -> { });

    private final BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 1 << 20);
    private final ReadView view;

    public ReadViewStress() {
        Memtable memtable = new Memtable(1, pool, 4096);
        memtable.add(1, Slice.ofUtf8("key"), Trailer.of(1, ValueKind.PUT), Slice.ofUtf8("value"));
        view = new ReadView(memtable, List.of(), Version.EMPTY, List.of(), NO_FILES);
        // The view holds it now, as after a flush.
        memtable.release();
    }

    @Actor
    public void store() {
        view.release();
    }

    @Actor
    public void reader(II_Result result) {
        result.r1 = read();
    }

    /** 0 = refused, 1 = held, 2 = gone while in use. */
    private int read() {
        if (!view.tryUse()) {
            return 0;
        }
        int held = pool.usedBytes() > 0 ? 1 : 2;
        view.release();
        return held;
    }

    @Arbiter
    public void after(II_Result result) {
        result.r2 = (int) pool.usedBytes();
    }
}
