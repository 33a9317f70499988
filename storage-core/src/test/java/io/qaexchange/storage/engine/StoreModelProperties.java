package io.qaexchange.storage.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.storage.vfs.MemoryVfs;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Random histories of all operations, on the real file system and on a simulated one, under many option sets, against a sorted map. */
class StoreModelProperties {
    @Property(tries = 10)
    void storeEqualsASortedMap(@ForAll("seeds") long seed) throws Exception {
        try (StoreHistory history = StoreHistory.onDisk(seed)) {
            history.run(400);
        }
    }

    /** The same without a disk, hence many more of them; nothing may be left open or held at the end. */
    @Property
    void storeOnASimulatedDiskEqualsASortedMap(@ForAll("seeds") long seed) throws Exception {
        MemoryVfs disk = new MemoryVfs();
        try (StoreHistory history = StoreHistory.on(disk, seed)) {
            history.run(250);
        }
        assertThat(disk.openHandles()).as("open files after seed %s", seed).isZero();
    }

    /** RocksDB does the same, and must hold the same in the end. */
    @Property
    void storeEqualsRocksDb(@ForAll("seeds") long seed) throws Exception {
        Path folder = Files.createTempDirectory("rocksdb-oracle");
        try (StoreHistory history = StoreHistory.besideRocksDb(new MemoryVfs(), folder, seed)) {
            history.run(300);
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    @Provide
    Arbitrary<Long> seeds() {
        return Arbitraries.longs().between(0, Long.MAX_VALUE);
    }
}
