package io.qaexchange.storage.vfs;

import java.util.SplittableRandom;

/**
 * Decides which unsynced changes a power cut keeps. Every choice is one that real file systems make: names in their order per name,
 * sizes anywhere between the synced and the written one, and each sector on its own, since nothing orders writes between syncs.
 */
public interface PowerCut {
    /** The harshest: only what was synced is left. */
    PowerCut KEEPS_SYNCED = of(false);

    /** The kindest: everything reached the disk just before. */
    PowerCut KEEPS_ALL = of(true);

    /** The number of changes of names, from the first, that are kept of some that depend on each other. */
    int namesKept(int pending);

    /** Size of a file, from {@code synced} to {@code written}. */
    long sizeKept(long synced, long written);

    /** Whether a sector's bytes that were not synced are on the disk; else they are zero. */
    boolean sectorKept(int sector);

    /** Another cut for every seed. */
    static PowerCut random(long seed) {
        return new RandomCut(new SplittableRandom(seed));
    }

    private static PowerCut of(boolean all) {
        return new PowerCut() {
            @Override
            public int namesKept(int pending) {
                return all ? pending : 0;
            }

            @Override
            public long sizeKept(long synced, long written) {
                return all ? written : synced;
            }

            @Override
            public boolean sectorKept(int sector) {
                return all;
            }
        };
    }

    /** Leans towards keeping names, without which bytes do not matter. */
    final class RandomCut implements PowerCut {
        private final SplittableRandom random;
        private final int namesKeptOfFour;
        private int sectorsKeptOfEight;

        private RandomCut(SplittableRandom random) {
            this.random = random;
            namesKeptOfFour = 1 + random.nextInt(4);
        }

        @Override
        public int namesKept(int pending) {
            return random.nextInt(4) < namesKeptOfFour ? pending : random.nextInt(pending + 1);
        }

        @Override
        public long sizeKept(long synced, long written) {
            sectorsKeptOfEight = random.nextInt(9);
            return switch (random.nextInt(6)) {
                case 0 -> synced;
                case 1 -> synced + random.nextLong(written - synced + 1);
                case 2 -> Math.max(synced, synced + random.nextLong(written - synced + 1) & -MemoryVfs.SECTOR_BYTES);
                default -> written;
            };
        }

        @Override
        public boolean sectorKept(int sector) {
            return random.nextInt(8) < sectorsKeptOfEight;
        }
    }
}
