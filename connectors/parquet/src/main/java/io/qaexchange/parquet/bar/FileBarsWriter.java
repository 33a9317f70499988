package io.qaexchange.parquet.bar;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.zip.Deflater;

/** Writes bars as {@link FileBars} reads them. Stateless. */
final class FileBarsWriter {

    private FileBarsWriter() {
    }

    /**
     * The bytes of bars.
     *
     * @param tradingDay of all their rows, yyyymmdd
     */
    static byte[] bytes(WidthBars bars, int tradingDay) {
        byte[] content = content(bars, tradingDay);
        Deflater deflater = new Deflater();
        try {
            deflater.setInput(content);
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream(content.length / 2 + FileBars.HEADER_BYTES);
            out.writeBytes(new byte[FileBars.HEADER_BYTES]);
            byte[] piece = new byte[8192];
            while (!deflater.finished()) {
                out.write(piece, 0, deflater.deflate(piece));
            }
            byte[] bytes = out.toByteArray();
            ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            header.put(0, FileBars.VERSION).putInt(1 + Integer.BYTES, content.length);
            header.putInt(1, FileBars.checksum(bytes));
            return bytes;
        } finally {
            deflater.end();
        }
    }

    private static byte[] content(WidthBars bars, int tradingDay) {
        Content out = new Content();
        out.number(bars.widthSeconds());
        out.number(tradingDay);
        Map<ByteBuffer, Integer> sources = new LinkedHashMap<>();
        List<Long> begins = new ArrayList<>();
        List<PartialBar> all = new ArrayList<>();
        bars.byInstrument().values().forEach(each -> each.forEach((at, made) -> {
            begins.add(at);
            all.add(made);
            sources.putIfAbsent(ByteBuffer.wrap(made.first().source()), sources.size());
            sources.putIfAbsent(ByteBuffer.wrap(made.last().source()), sources.size());
        }));
        out.number(sources.size());
        sources.keySet().forEach(source -> out.name(source.array()));
        out.number(bars.byInstrument().size());
        bars.byInstrument().forEach((name, each) -> {
            out.name(name.getBytes(StandardCharsets.UTF_8));
            out.number(each.size());
        });
        for (int i = 0; i < begins.size(); i++) {
            out.signed(begins.get(i) - (i == 0 ? 0 : begins.get(i - 1)));
        }
        out.numbers(all, PartialBar::rows);
        out.numbers(all, made -> Math.floorMod(made.firstNs(), bars.widthNs()));
        out.numbers(all, made -> made.lastNs() - made.firstNs());
        out.numbers(all, made -> sources.get(ByteBuffer.wrap(made.first().source())));
        for (int i = 0; i < all.size(); i++) {
            out.signed(all.get(i).first().sequence() - (i == 0 ? 0 : all.get(i - 1).last().sequence()));
        }
        out.numbers(all, made -> sources.get(ByteBuffer.wrap(made.last().source())));
        all.forEach(made -> out.signed(made.last().sequence() - made.first().sequence()));
        out.doubles(all, PartialBar::open);
        out.doubles(all, PartialBar::high);
        out.doubles(all, PartialBar::low);
        out.doubles(all, PartialBar::close);
        out.doubles(all, made -> made.volumeSum().sum());
        out.doubles(all, made -> made.volumeSum().lost());
        out.doubles(all, made -> made.turnoverSum().sum());
        out.doubles(all, made -> made.turnoverSum().lost());
        return out.toByteArray();
    }

    /** The content as it grows. */
    private static final class Content {
        private ByteBuffer bytes = ByteBuffer.allocate(1024).order(ByteOrder.LITTLE_ENDIAN);

        private void ensure(int more) {
            if (bytes.remaining() < more) {
                ByteBuffer larger = ByteBuffer.allocate(Math.max(bytes.capacity() * 2, bytes.position() + more)).order(ByteOrder.LITTLE_ENDIAN);
                bytes = larger.put(bytes.flip());
            }
        }

        void number(long number) {
            ensure(10);
            long left = number;
            while ((left & ~0x7FL) != 0) {
                bytes.put((byte) (left & 0x7F | 0x80));
                left >>>= 7;
            }
            bytes.put((byte) left);
        }

        void signed(long number) {
            number(number << 1 ^ number >> 63);
        }

        void name(byte[] utf8) {
            number(utf8.length);
            ensure(utf8.length);
            bytes.put(utf8);
        }

        void numbers(List<PartialBar> bars, ToLongFunction<PartialBar> value) {
            bars.forEach(bar -> number(value.applyAsLong(bar)));
        }

        void doubles(List<PartialBar> bars, ToDoubleFunction<PartialBar> value) {
            ensure(bars.size() * Double.BYTES);
            int at = bytes.position();
            bytes.position(at + bars.size() * Double.BYTES);
            for (int i = 0; i < bars.size(); i++) {
                long bits = Double.doubleToRawLongBits(value.applyAsDouble(bars.get(i)));
                for (int k = 0; k < Double.BYTES; k++) {
                    bytes.put(at + k * bars.size() + i, (byte) (bits >> k * Byte.SIZE));
                }
            }
        }

        byte[] toByteArray() {
            return Arrays.copyOf(bytes.array(), bytes.position());
        }
    }
}
