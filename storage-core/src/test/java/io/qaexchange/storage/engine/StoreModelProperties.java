package io.qaexchange.storage.engine;

import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;

/** Random histories of all operations on the real file system, under many option sets, against a sorted map. */
class StoreModelProperties {
    @Property(tries = 30)
    void storeEqualsASortedMap(@ForAll("seeds") long seed) throws Exception {
        try (StoreHistory history = StoreHistory.onDisk(seed)) {
            history.run(400);
        }
    }

    @Provide
    Arbitrary<Long> seeds() {
        return Arbitraries.longs().between(0, Long.MAX_VALUE);
    }
}
