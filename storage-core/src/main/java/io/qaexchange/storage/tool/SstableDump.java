package io.qaexchange.storage.tool;

import io.qaexchange.storage.cache.BlockCache;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.error.UnsupportedFormatException;
import io.qaexchange.storage.key.RangeTombstone;
import io.qaexchange.storage.key.Trailer;
import io.qaexchange.storage.memory.BudgetedMemoryPool;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.sstable.ReadOptions;
import io.qaexchange.storage.sstable.SstableInspector;
import io.qaexchange.storage.sstable.SstableInspector.Part;
import io.qaexchange.storage.sstable.SstableReader;
import io.qaexchange.storage.vfs.NioVfs;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * {@code sst layout|scan|verify FILE [--hex]}: shows what is in an sstable, also in a damaged one. Reads only.
 *
 * <ul>
 *   <li>{@code layout}: metadata, then every part of the file in order; {@code --hex} adds the bytes of each part (long ones cut)
 *   <li>{@code scan}: every entry of every whole block, then the range tombstones; {@code --hex} writes keys and values in hexadecimal
 *   <li>{@code verify}: reads and checks everything
 * </ul>
 *
 * <p>Exit codes: {@link #CLEAN}, {@link #DAMAGED}, {@link #UNUSABLE}.
 */
public final class SstableDump {
    /** Nothing is wrong with the file. */
    public static final int CLEAN = 0;
    /** The file is damaged; what could be read was shown. */
    public static final int DAMAGED = 1;
    /** Wrong arguments, no such file, not an sstable, or one of a later version. */
    public static final int UNUSABLE = 2;

    private static final String USAGE = "usage: sst layout|scan|verify FILE [--hex]";
    private static final int SHOWN_VALUE_BYTES = 64;
    private static final int SHOWN_PART_BYTES = 256;
    private static final int HEX_LINE = 32;

    private final Vfs vfs;
    private final PrintStream out;
    private final PrintStream err;
    private boolean hex;

    public SstableDump(Vfs vfs, PrintStream out, PrintStream err) {
        this.vfs = vfs;
        this.out = out;
        this.err = err;
    }

    public static void main(String[] args) {
        System.exit(new SstableDump(NioVfs.INSTANCE, System.out, System.err).run(args));
    }

    /** Does what the arguments (without {@code sst}) say; returns the exit code. */
    public int run(String... args) {
        hex = Arrays.asList(args).contains("--hex");
        List<String> words = Arrays.stream(args).filter(word -> !word.equals("--hex")).toList();
        if (words.size() != 2 || !List.of("layout", "scan", "verify").contains(words.get(0))) {
            err.println(USAGE);
            return UNUSABLE;
        }
        Path file = Path.of(words.get(1));
        try {
            return switch (words.get(0)) {
                case "layout" -> layout(file);
                case "scan" -> scan(file);
                default -> verify(file);
            };
        } catch (NoSuchFileException e) {
            err.println("no such file: " + file);
        } catch (UnsupportedFormatException e) {
            err.println(e.getMessage());
        } catch (IOException e) {
            err.println("cannot be read: " + file + ": " + e.getMessage());
        }
        return UNUSABLE;
    }

    private int layout(Path file) throws IOException {
        try (SstableInspector inspector = SstableInspector.open(vfs, file)) {
            printMetadata(file);
            boolean damaged = reportFooter(inspector);
            for (Part part : inspector.parts()) {
                out.println(part);
                damaged |= part.damage() != null;
                if (hex) {
                    printHex(inspector, part);
                }
            }
            return damaged ? DAMAGED : CLEAN;
        }
    }

    private void printMetadata(Path file) throws IOException {
        try (BlockCache none = cache(); SstableReader reader = SstableReader.open(vfs, file, ReadOptions.PREAD, none)) {
            out.println(reader.metadata());
            out.println(reader.properties());
        } catch (CorruptionException e) {
            err.println("metadata cannot be read: " + e.getMessage());
        }
    }

    private boolean reportFooter(SstableInspector inspector) {
        StoreException damage = inspector.footerDamage();
        if (damage != null) {
            err.println("DAMAGED: " + damage.getMessage());
        }
        return damage != null;
    }

    private void printHex(SstableInspector inspector, Part part) throws IOException {
        byte[] bytes = inspector.bytes(part.offset(), (int) Math.min(part.size(), SHOWN_PART_BYTES));
        for (int at = 0; at < bytes.length; at += HEX_LINE) {
            int length = Math.min(HEX_LINE, bytes.length - at);
            out.printf("  %08x  %s%n", part.offset() + at, HexFormat.ofDelimiter(" ").formatHex(bytes, at, at + length));
        }
        if (part.size() > bytes.length) {
            out.println("  ... " + (part.size() - bytes.length) + " more bytes");
        }
    }

    private int scan(Path file) throws IOException {
        try (SstableInspector inspector = SstableInspector.open(vfs, file)) {
            boolean damaged = reportFooter(inspector);
            inspector.entries((blockOffset, key, trailer, value) ->
                    out.println(text(key) + Trailer.toString(trailer) + "=" + text(value)));
            for (RangeTombstone tombstone : inspector.rangeTombstones().tombstones()) {
                out.println("DELETE_RANGE [" + text(Slice.of(tombstone.range().lower())) + ", "
                        + text(Slice.of(tombstone.range().upper())) + ")#" + tombstone.sequence());
            }
            for (Part part : inspector.parts()) {
                if (part.damage() != null) {
                    damaged = true;
                    err.println(part);
                }
            }
            return damaged ? DAMAGED : CLEAN;
        }
    }

    private String text(Slice bytes) {
        Slice shown = bytes.subslice(0, Math.min(bytes.length(), SHOWN_VALUE_BYTES));
        String text = hex ? HexFormat.of().formatHex(shown.toByteArray()) : shown.toString();
        return bytes.length() > shown.length() ? text + "...(" + bytes.length() + " bytes)" : text;
    }

    private int verify(Path file) throws IOException {
        String damage;
        try (BlockCache none = cache(); SstableReader reader = SstableReader.open(vfs, file, ReadOptions.PREAD, none)) {
            reader.verifyAll();
            out.println("clean: " + file + " " + reader.metadata());
            return CLEAN;
        } catch (CorruptionException e) {
            damage = e.getMessage();
        }
        err.println("DAMAGED: " + damage);
        try (SstableInspector inspector = SstableInspector.open(vfs, file)) {
            long[] entries = new long[1];
            inspector.entries((blockOffset, key, trailer, value) -> entries[0]++);
            for (Part part : inspector.parts()) {
                if (part.damage() != null) {
                    err.println(part);
                }
            }
            err.println("entries that can still be read: " + entries[0] + " (sst scan shows them)");
        }
        return DAMAGED;
    }

    /** Tools look at each block once. */
    private static BlockCache cache() {
        return new BlockCache(new BudgetedMemoryPool(BudgetedMemoryPool.Kind.HEAP, 1 << 20), 0);
    }
}
