package io.qaexchange.parquet.bar;

import io.qaexchange.events.EventView;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.StoredEvent;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.zip.Deflater;
import javax.annotation.Nullable;

/**
 * Makes {@link FileBars} of the rows of a file, which come in any order; those of an instrument and minute best together.
 *
 * <p>Bars of a width are kept only if they are worth it: fewer than one for {@value #LEAST_ROWS} rows, so that they take a small part of the file, and at most
 * 1 MiB.
 *
 * <p>One thread.
 */
public final class FileBarsBuilder {

    /** Rows of a bar, on average, from which on bars are kept. */
    static final int LEAST_ROWS = 32;
    /** More bars than this, of few rows each, are not waited for to become worth it. */
    private static final int MOST_POOR_BARS = 16_384;
    /** A longer text is not kept: whoever opens the file reads its footer. */
    private static final int MOST_CHARACTERS = 1 << 20;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private final PricedEvent priced;
    /** Bars of the finest width that may be worth it; null if none is. */
    @Nullable
    private Level level = new Level(0);
    private long rows;
    private int tradingDay;
    private String instrument = "";
    private long begin;
    @Nullable
    private PartialBar bar;

    /** Bars of a width. */
    private static final class Level {
        private final int index;
        private final long widthNs;
        /** By instrument and number of widths since 1970. */
        private final Map<String, TreeMap<Long, PartialBar>> byInstrument = new TreeMap<>();
        private int bars;

        /** @param index of {@link FileBars#WIDTHS} */
        Level(int index) {
            this.index = index;
            this.widthNs = FileBars.WIDTHS.get(index) * NANOS_PER_SECOND;
        }

        PartialBar bar(String instrument, long begin) {
            return byInstrument.computeIfAbsent(instrument, none -> new TreeMap<>()).computeIfAbsent(begin, none -> {
                bars++;
                return new PartialBar();
            });
        }

        boolean isWorthIt(long rows) {
            return bars > 0 && rows >= (long) bars * LEAST_ROWS;
        }

        /** The same rows in bars of the next width; null if there is none. */
        @Nullable
        Level next() {
            if (index + 1 == FileBars.WIDTHS.size()) {
                return null;
            }
            Level next = new Level(index + 1);
            long times = next.widthNs / widthNs;
            byInstrument.forEach((instrument, each) -> each.forEach((begin, bar) -> next.bar(instrument, Math.floorDiv(begin, times)).add(bar)));
            return next;
        }
    }

    private FileBarsBuilder(PricedEvent priced) {
        this.priced = priced;
    }

    /** Makes the bars of a table; null if bars are made of others only. */
    @Nullable
    public static FileBarsBuilder of(RecordType type) {
        BarTable table = BarTable.find(type.table());
        return table == null ? null : new FileBarsBuilder(new PricedEvent(type, table));
    }

    /**
     * Adds a row.
     *
     * @param day its trading day, yyyymmdd
     */
    public void add(StoredEvent stored, int day) {
        if (level == null) {
            return;
        }
        rows++;
        if (rows == 1) {
            tradingDay = day;
        } else if (day != tradingDay) {
            level = null;
            return;
        }
        if (!priced.wrap(stored)) {
            return;
        }
        EventView event = priced.event();
        long timeNs = event.eventTime();
        long beginOfRow = Math.floorDiv(timeNs, level.widthNs);
        String name = event.instrument();
        if (bar == null || beginOfRow != begin || !name.equals(instrument)) {
            if (level.bars > MOST_POOR_BARS && !level.isWorthIt(rows)) {
                level = level.next();
                if (level == null) {
                    return;
                }
                beginOfRow = Math.floorDiv(timeNs, level.widthNs);
            }
            instrument = name;
            begin = beginOfRow;
            bar = level.bar(name, beginOfRow);
        }
        bar.add(timeNs, priced.source(), priced.sequence(), priced.price(), priced.volume());
    }

    /** By width in seconds, of those that are worth it, the text that {@link FileBars#parse} reads. */
    public Map<Integer, String> texts() {
        Map<Integer, String> texts = new LinkedHashMap<>();
        for (Level each = level; each != null; each = each.next()) {
            String text = each.isWorthIt(rows) ? text(each) : null;
            if (text != null && text.length() <= MOST_CHARACTERS) {
                texts.put(FileBars.WIDTHS.get(each.index), text);
            }
        }
        return texts;
    }

    private String text(Level level) {
        byte[] content = content(level);
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
            return Base64.getEncoder().encodeToString(bytes);
        } finally {
            deflater.end();
        }
    }

    private byte[] content(Level level) {
        Content out = new Content();
        out.number(FileBars.WIDTHS.get(level.index));
        out.number(tradingDay);
        Map<ByteBuffer, Integer> sources = new LinkedHashMap<>();
        List<Long> begins = new ArrayList<>();
        List<PartialBar> all = new ArrayList<>();
        level.byInstrument.values().forEach(each -> each.forEach((at, made) -> {
            begins.add(at);
            all.add(made);
            sources.putIfAbsent(ByteBuffer.wrap(made.first().source()), sources.size());
            sources.putIfAbsent(ByteBuffer.wrap(made.last().source()), sources.size());
        }));
        out.number(sources.size());
        sources.keySet().forEach(source -> out.name(source.array()));
        out.number(level.byInstrument.size());
        level.byInstrument.forEach((name, each) -> {
            out.name(name.getBytes(StandardCharsets.UTF_8));
            out.number(each.size());
        });
        for (int i = 0; i < begins.size(); i++) {
            out.signed(begins.get(i) - (i == 0 ? 0 : begins.get(i - 1)));
        }
        out.numbers(all, PartialBar::rows);
        out.numbers(all, made -> Math.floorMod(made.firstNs(), level.widthNs));
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
