package io.qaexchange.storage.sstable;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.airlift.compress.lz4.Lz4Compressor;
import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.cache.BlockPin;
import io.qaexchange.storage.key.ValueKind;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.NioVfs;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartialBlockTest {
    @TempDir
    private Path folder;

    /** Literals, matches at every distance, runs: as blocks have them. */
    private static byte[] content(Random random, int size) {
        byte[] bytes = new byte[size];
        for (int at = 0; at < size; ) {
            int length = Math.min(size - at, 1 + random.nextInt(random.nextInt(10) == 0 ? 700 : 40));
            int distance = random.nextInt(4) == 0 ? 1 + random.nextInt(12) : 1 + random.nextInt(5000);
            for (int i = 0; i < length; i++, at++) {
                boolean copies = distance <= at && length > 3;
                bytes[at] = copies ? bytes[at - distance] : (byte) random.nextInt();
            }
        }
        return bytes;
    }

    private static byte[] compress(byte[] bytes) {
        Lz4Compressor compressor = new Lz4Compressor();
        byte[] target = new byte[compressor.maxCompressedLength(bytes.length)];
        return Arrays.copyOf(target, compressor.compress(bytes, 0, bytes.length, target, 0, target.length));
    }

    @Test
    void givesTheBytesThatWereCompressedInWhateverSteps() {
        for (int seed = 0; seed < 400; seed++) {
            Random random = new Random(seed);
            byte[] expected = content(random, 1 + random.nextInt(20_000));
            byte[] compressed = compress(expected);
            byte[] output = new byte[expected.length + PartialBlock.SLACK_BYTES];
            PartialBlock block = new PartialBlock();
            block.begin(compressed, Memory.ARRAY_BASE, compressed.length, output, expected.length);
            for (int end = 0; end < expected.length; ) {
                end = Math.min(expected.length, end + 1 + random.nextInt(6000));
                block.ensure(end);
                assertThat(block.done()).isBetween(end, expected.length);
                assertThat(Arrays.equals(output, 0, block.done(), expected, 0, block.done())).as("seed %d, up to %d", seed, end).isTrue();
            }
        }
    }

    /** Nothing is read or written outside the two buffers, and nothing but one exception comes of it. */
    @Test
    void bytesThatChangedAreAnErrorOrOtherBytes() {
        int refused = 0;
        for (int seed = 0; seed < 3000; seed++) {
            Random random = new Random(seed);
            byte[] expected = content(random, 1 + random.nextInt(3000));
            byte[] compressed = compress(expected);
            int length = random.nextInt(4) == 0 ? random.nextInt(compressed.length + 1) : compressed.length;
            for (int i = random.nextInt(4); i >= 0; i--) {
                compressed[random.nextInt(compressed.length)] = (byte) (random.nextBoolean() ? 0xff : random.nextInt());
            }
            // Canaries on both sides: memory outside may be unmapped.
            ByteBuffer input = ByteBuffer.allocateDirect(length).put(compressed, 0, length);
            byte[] output = new byte[expected.length + PartialBlock.SLACK_BYTES + 64];
            Arrays.fill(output, expected.length + PartialBlock.SLACK_BYTES, output.length, (byte) 0x55);
            PartialBlock block = new PartialBlock();
            block.begin(Memory.offHeap(), Memory.address(input), length, output, expected.length);
            try {
                block.ensure(expected.length);
            } catch (UnreadableBlockException e) {
                refused++;
            }
            for (int i = expected.length + PartialBlock.SLACK_BYTES; i < output.length; i++) {
                assertThat(output[i]).as("seed %d: written behind the slack", seed).isEqualTo((byte) 0x55);
            }
        }
        assertThat(refused).isBetween(500, 2900);
    }

    @Test
    void moreThanTheBlockHoldsIsRefused() {
        byte[] expected = content(new Random(1), 100);
        byte[] compressed = compress(expected);
        PartialBlock block = new PartialBlock();
        block.begin(compressed, Memory.ARRAY_BASE, compressed.length, new byte[100 + PartialBlock.SLACK_BYTES], 100);
        assertThatThrownBy(() -> block.ensure(101)).isInstanceOf(UnreadableBlockException.class);
    }

    /** A file twenty times as large as the cache: whatever a block's layout, gets find all versions, and most are decompressed in part. */
    @Test
    void getsOfAFileLargerThanTheCacheFindWhatWasWritten() throws IOException {
        for (int seed = 0; seed < 12; seed++) {
            Random random = new Random(seed);
            boolean fixed = seed % 3 != 0;
            int windowAt = seed % 2 == 0 ? 12 : 4;
            SstableModel model = new SstableModel();
            List<byte[]> keys = new ArrayList<>();
            for (int i = 0; i < 4000; i++) {
                byte[] key = new byte[fixed ? 20 : 16 + random.nextInt(5)];
                Memory.putInt(key, Memory.ARRAY_BASE + windowAt, Integer.reverseBytes(random.nextInt(seed % 4 == 1 ? 300 : 1_000_000)));
                keys.add(key);
                for (int versions = 1 + random.nextInt(3); versions > 0; versions--) {
                    byte[] value = new byte[fixed ? 60 : random.nextInt(120)];
                    Arrays.fill(value, (byte) random.nextInt(4));
                    model.put(key, 1 + random.nextInt(1000), ValueKind.APPEND, value);
                }
            }
            Path file = folder.resolve(seed + ".sst");
            model.write(file, SstableOptions.builder().compression(BlockCompression.LZ4).blockSizeBytes(4096).build());
            BudgetedMemoryPool pool = new BudgetedMemoryPool(BudgetedMemoryPool.Kind.DIRECT, 1 << 20);
            try (BlockCache cache = new BlockCache(pool, 24 << 10, 1);
                    SstableReader reader = SstableReader.open(NioVfs.INSTANCE, file, ReadOptions.MMAP, cache); BlockPin pin = new BlockPin()) {
                for (int round = 0; round < 3; round++) {
                    for (int i = 0; i < keys.size(); i++) {
                        byte[] key = keys.get(random.nextInt(keys.size())).clone();
                        key[key.length - 1] += random.nextInt(4) == 0 ? 1 : 0;
                        long snapshot = random.nextInt(1100);
                        int wanted = random.nextBoolean() ? 1 : Integer.MAX_VALUE;
                        List<String> found = new ArrayList<>();
                        reader.get(Slice.of(key), snapshot, (trailer, value) -> {
                            found.add(SstableModel.describe(new SstableModel.Entry(key, trailer), value.toByteArray()));
                            return found.size() < wanted;
                        }, pin);
                        List<String> expected = model.versions(key, snapshot);
                        assertThat(found).as("seed %d, key %s at %d", seed, Slice.printable(key), snapshot)
                                .isEqualTo(expected.subList(0, Math.min(wanted, expected.size())));
                        if (i % 3 == 0) {
                            pin.release();
                        }
                    }
                }
                assertThat(cache.statistics().misses()).as("most blocks are not there").isGreaterThan(cache.statistics().inserts());
            }
        }
    }
}
