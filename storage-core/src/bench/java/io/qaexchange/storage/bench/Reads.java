package io.qaexchange.storage.bench;

import java.util.List;
import java.util.SplittableRandom;

/** Point reads and scans of stores that are at rest, in turn. One thread. */
final class Reads {
    private final BenchContext bench;

    Reads(BenchContext bench) {
        this.bench = bench;
    }

    List<Measured> present(List<Contender> contenders) throws Exception {
        return Measured.sideBySide(contenders, bench.reads, bench.warmUpMillis(), new Gets(7, false) {
            @Override
            void check(Contender contender, int found) {
                if (found != Workload.VALUE_BYTES) {
                    throw new AssertionError("a record is missing in " + contender.name());
                }
            }
        });
    }

    List<Measured> absent(List<Contender> contenders) throws Exception {
        return Measured.sideBySide(contenders, bench.reads, bench.warmUpMillis(), new Gets(8, true) {
            @Override
            void check(Contender contender, int found) {
                if (found >= 0) {
                    throw new AssertionError("a record that was never written is in " + contender.name());
                }
            }
        });
    }

    /** Each value as an array of its own. */
    List<Measured> arrays(List<Contender> contenders) throws Exception {
        return Measured.sideBySide(contenders, bench.reads, bench.warmUpMillis(), new Gets(7, false) {
            @Override
            int get(Contender contender, byte[] key) throws Exception {
                return contender.getBytes(key).length;
            }
        });
    }

    /**
     * Gets of records in random order. Which record it is, and so its key, comes from an array as large as the processor's caches: made
     * within the measure it would be one more wait for memory, on both sides alike.
     */
    class Gets implements Measured.Operation {
        private final SplittableRandom random;
        private final boolean absent;
        private final byte[][] keys = new byte[Measured.PREPARED][Workload.KEY_BYTES];

        Gets(long seed, boolean absent) {
            random = new SplittableRandom(seed);
            this.absent = absent;
        }

        @Override
        public void prepare() {
            for (byte[] key : keys) {
                bench.workload.key(random.nextInt(bench.records), absent, key);
            }
        }

        @Override
        public void run(Contender contender, int i) throws Exception {
            check(contender, get(contender, keys[i % keys.length]));
        }

        /** @return the value's length, -1 if there is none */
        int get(Contender contender, byte[] key) throws Exception {
            return contender.get(key);
        }

        void check(Contender contender, int found) {
            bench.kept += found;
        }
    }

    List<Measured> scans(List<Contender> contenders, int rows) throws Exception {
        SplittableRandom random = new SplittableRandom(9);
        return Measured.sideBySide(contenders, bench.reads / 10, bench.warmUpMillis(),
                (contender, i) -> bench.kept += contender.scan(bench.key(random.nextInt(bench.records)), rows));
    }

    /** Reads all once. Ours checks a block against its checksum when it is first read after opening; what follows is a store that has been in use. */
    void everyBlock(List<Contender> contenders) throws Exception {
        for (Contender contender : contenders) {
            bench.kept += contender.scan(new byte[0], Integer.MAX_VALUE);
        }
    }

    /** Rows per second, the best of several passes: the first ones measure the compiler, any may measure a neighbour. */
    double[] fullScan(List<Contender> contenders) throws Exception {
        double[] best = new double[contenders.size()];
        for (int pass = 0; pass < 5; pass++) {
            for (int which = 0; which < best.length; which++) {
                long started = System.nanoTime();
                bench.kept += contenders.get(which).scan(new byte[0], Integer.MAX_VALUE);
                best[which] = Math.max(best[which], bench.records / ((System.nanoTime() - started) / 1e9));
            }
        }
        return best;
    }
}
