package io.qaexchange.storage.sstable;

import io.qaexchange.storage.BlockCompression;
import io.qaexchange.storage.error.CorruptionException;
import io.qaexchange.storage.error.StoreException;
import io.qaexchange.storage.key.RangeTombstoneList;
import io.qaexchange.storage.memory.Memory;
import io.qaexchange.storage.memory.Slice;
import io.qaexchange.storage.vfs.ReadableFile;
import io.qaexchange.storage.vfs.Vfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Looks into an sstable that may be damaged: lists its parts and hands out the entries of every block that is whole, whether or not the
 * index and the footer are. What is damaged is reported, not thrown.
 *
 * <p>One thread.
 */
public final class SstableInspector implements AutoCloseable {
    private final Path path;
    private final ReadableFile readable;
    private final FrameScanner scanner;
    private final long limit;
    private final Footer footer;
    private final StoreException footerDamage;

    /**
     * A run of bytes of the file and what it is.
     *
     * @param damage null if it is whole
     */
    public record Part(long offset, long size, String name, String detail, String damage) {
        @Override
        public String toString() {
            return "offset=" + offset + " size=" + size + " " + name + (detail.isEmpty() ? "" : " " + detail)
                    + (damage == null ? "" : " DAMAGED: " + damage);
        }
    }

    /** Takes entries in the order of the file. */
    @FunctionalInterface
    public interface Entries {
        /** @param blockOffset of the frame in which the entry stands */
        void entry(long blockOffset, Slice key, long trailer, Slice value) throws IOException;
    }

    private SstableInspector(Path path, ReadableFile readable) throws IOException {
        this.path = path;
        this.readable = readable;
        scanner = new FrameScanner(readable, path);
        Footer found = null;
        StoreException damage = null;
        try {
            found = SstableReader.readFooter(readable, path);
        } catch (CorruptionException e) {
            damage = e;
        }
        footer = found;
        footerDamage = damage;
        limit = footer == null ? readable.size() : readable.size() - Footer.SIZE;
    }

    /**
     * Opens a file for inspection.
     *
     * @throws io.qaexchange.storage.error.UnsupportedFormatException if it is not one of ours, or of a later version
     */
    public static SstableInspector open(Vfs vfs, Path path) throws IOException {
        ReadableFile readable = vfs.open(path);
        boolean opened = false;
        try {
            SstableInspector inspector = new SstableInspector(path, readable);
            opened = true;
            return inspector;
        } finally {
            if (!opened) {
                readable.close();
            }
        }
    }

    /** All parts of the file, from the first byte to the last without a gap. */
    public List<Part> parts() throws IOException {
        List<Part> parts = new ArrayList<>();
        parts.add(header());
        for (FrameScanner.Frame frame = first(); frame != null; frame = next(frame)) {
            parts.add(part(frame));
        }
        if (footer != null) {
            parts.add(new Part(limit, Footer.SIZE, "footer", "version=" + footer.version() + " index-levels=" + footer.indexLevels()
                    + " blocks=" + footer.blockCount() + " root=" + footer.rootIndex() + " filter=" + footer.filter()
                    + " range-tombstones=" + footer.rangeTombstones() + " properties=" + footer.properties(), null));
        }
        return parts;
    }

    /** The fault of the footer; null if there is none. */
    public StoreException footerDamage() {
        return footerDamage;
    }

    private Part header() throws IOException {
        byte[] bytes = scanner.bytes(0, SstableFormat.HEADER_SIZE);
        boolean whole = bytes.length == SstableFormat.HEADER_SIZE && Memory.getLong(bytes, Memory.ARRAY_BASE) == SstableFormat.MAGIC;
        return new Part(0, bytes.length, "header", "", whole ? null : "wrong magic");
    }

    private FrameScanner.Frame first() throws IOException {
        return scanner.at(SstableFormat.HEADER_SIZE, limit);
    }

    private FrameScanner.Frame next(FrameScanner.Frame frame) throws IOException {
        return scanner.at(frame.offset() + frame.size(), limit);
    }

    private Part part(FrameScanner.Frame frame) {
        String name = SstableFormat.kindName(frame.kind());
        String damage = frame.damage();
        String detail = "";
        if (frame.isWhole()) {
            try {
                detail = detail(frame);
            } catch (CorruptionException e) {
                damage = e.getMessage();
            }
        }
        return new Part(frame.offset(), frame.size(), frame.isWhole() ? name : "unreadable", detail, damage);
    }

    private String detail(FrameScanner.Frame frame) throws CorruptionException {
        Slice payload = Slice.of(frame.payload());
        return switch (frame.kind()) {
            case SstableFormat.KIND_DATA -> {
                DataBlockCheck.validate(payload, path, frame.offset());
                Slice key = new Slice();
                DataBlock block = new DataBlock(key, new Slice());
                block.load(payload.base(), payload.address(), payload.length());
                String keys = block.first() ? " first=" + key : "";
                keys += block.last() ? " last=" + key : "";
                yield "layout=" + SstableFormat.layoutName(payload.getByte(SstableFormat.BLOCK_LAYOUT)) + " compression="
                        + BlockCompression.ofCode(frame.compression()) + " bytes=" + payload.length() + " entries=" + block.count() + keys;
            }
            case SstableFormat.KIND_INDEX -> payload.length() < SstableFormat.INDEX_HEADER_SIZE ? ""
                    : "level=" + payload.getByte(SstableFormat.INDEX_LEVEL) + " blocks=" + payload.getInt(SstableFormat.INDEX_COUNT);
            case SstableFormat.KIND_RANGE_TOMBSTONES -> tombstones(frame).toString();
            case SstableFormat.KIND_PROPERTIES -> SstableProperties.decode(payload, path, frame.offset()).toString();
            default -> "bytes=" + payload.length();
        };
    }

    /** Hands out every entry of every whole data block. */
    public void entries(Entries to) throws IOException {
        Slice key = new Slice();
        Slice value = new Slice();
        DataBlock block = new DataBlock(key, value);
        for (FrameScanner.Frame frame = first(); frame != null; frame = next(frame)) {
            if (frame.isWhole() && frame.kind() == SstableFormat.KIND_DATA && isValid(frame)) {
                block.load(frame.payload(), Memory.ARRAY_BASE, frame.payload().length);
                for (boolean there = block.first(); there; there = block.next()) {
                    to.entry(frame.offset(), key, block.trailer(), value);
                }
            }
        }
    }

    private boolean isValid(FrameScanner.Frame frame) {
        try {
            DataBlockCheck.validate(Slice.of(frame.payload()), path, frame.offset());
            return true;
        } catch (CorruptionException e) {
            // parts() reports it; here the block is left out.
            return false;
        }
    }

    /** The range tombstones that can still be read. */
    public RangeTombstoneList rangeTombstones() throws IOException {
        List<RangeTombstoneList> found = new ArrayList<>();
        for (FrameScanner.Frame frame = first(); frame != null; frame = next(frame)) {
            if (frame.isWhole() && frame.kind() == SstableFormat.KIND_RANGE_TOMBSTONES) {
                found.add(tombstones(frame));
            }
        }
        return RangeTombstoneList.merge(found);
    }

    private RangeTombstoneList tombstones(FrameScanner.Frame frame) throws CorruptionException {
        return RangeTombstoneBlock.decode(frame.payload(), path, frame.offset());
    }

    /** Bytes of the file, for showing them. */
    public byte[] bytes(long offset, int size) throws IOException {
        return scanner.bytes(offset, size);
    }

    @Override
    public void close() throws IOException {
        readable.close();
    }
}
