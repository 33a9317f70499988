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
 * Makes {@link MinuteBars} of the rows of a file, which come in any order; those of an instrument and minute best together.
 *
 * <p>They are kept only if they are worth it: fewer than one for {@value #LEAST_ROWS} rows, so that they take a small part of the file.
 *
 * <p>One thread.
 */
public final class MinuteBarsBuilder {

    /** Rows of a bar, on average, from which on bars are kept. */
    static final int LEAST_ROWS = 16;
    /** Rows of a file after which it is looked at whether the bars will be kept. */
    private static final int LOOK_ROWS = 100_000;

    private final PricedEvent priced;
    private Map<String, NavigableMinutes> byInstrument = new TreeMap<>();
    private int bars;
    private long rows;
    private int tradingDay;
    /** Once the bars are known not to be kept. */
    private boolean dropped;
    private String instrument = "";
    private long minute;
    @Nullable
    private PartialBar bar;

    /** By minute since 1970. */
    private static final class NavigableMinutes extends TreeMap<Long, PartialBar> {
        private static final long serialVersionUID = 1L;
    }

    private MinuteBarsBuilder(PricedEvent priced) {
        this.priced = priced;
    }

    /** Makes the bars of a table; null if bars are made of others only. */
    @Nullable
    public static MinuteBarsBuilder of(RecordType type) {
        BarTable table = BarTable.find(type.table());
        return table == null ? null : new MinuteBarsBuilder(new PricedEvent(type, table));
    }

    /**
     * Adds a row.
     *
     * @param day its trading day, yyyymmdd
     */
    public void add(StoredEvent stored, int day) {
        if (dropped) {
            return;
        }
        rows++;
        if (rows == 1) {
            tradingDay = day;
        } else if (day != tradingDay || rows % LOOK_ROWS == 0 && !isWorthIt()) {
            drop();
            return;
        }
        if (!priced.wrap(stored)) {
            return;
        }
        EventView event = priced.event();
        long timeNs = event.eventTime();
        long minuteOfRow = Math.floorDiv(timeNs, MinuteBars.MINUTE_NS);
        String name = event.instrument();
        if (bar == null || minuteOfRow != minute || !name.equals(instrument)) {
            instrument = name;
            minute = minuteOfRow;
            bar = byInstrument.computeIfAbsent(name, none -> new NavigableMinutes()).computeIfAbsent(minuteOfRow, none -> {
                bars++;
                return new PartialBar();
            });
        }
        bar.add(timeNs, priced.source(), priced.sequence(), priced.price(), priced.volume());
    }

    private boolean isWorthIt() {
        return rows >= (long) bars * LEAST_ROWS;
    }

    private void drop() {
        dropped = true;
        byInstrument = Map.of();
        bar = null;
    }

    /** The text that {@link MinuteBars#parse} reads; null if there are no bars, or they are not worth it. */
    @Nullable
    public String text() {
        if (dropped || bars == 0 || !isWorthIt()) {
            return null;
        }
        byte[] content = content();
        Deflater deflater = new Deflater();
        try {
            deflater.setInput(content);
            deflater.finish();
            ByteArrayOutputStream out = new ByteArrayOutputStream(content.length / 2 + MinuteBars.HEADER_BYTES);
            out.writeBytes(new byte[MinuteBars.HEADER_BYTES]);
            byte[] piece = new byte[8192];
            while (!deflater.finished()) {
                out.write(piece, 0, deflater.deflate(piece));
            }
            byte[] bytes = out.toByteArray();
            ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
            header.put(0, MinuteBars.VERSION).putInt(1 + Integer.BYTES, content.length);
            header.putInt(1, MinuteBars.checksum(bytes));
            return Base64.getEncoder().encodeToString(bytes);
        } finally {
            deflater.end();
        }
    }

    private byte[] content() {
        Content out = new Content();
        out.number(tradingDay);
        Map<ByteBuffer, Integer> sources = new LinkedHashMap<>();
        List<Long> minutes = new ArrayList<>();
        List<PartialBar> all = new ArrayList<>();
        byInstrument.values().forEach(each -> each.forEach((begin, made) -> {
            minutes.add(begin);
            all.add(made);
            sources.putIfAbsent(ByteBuffer.wrap(made.first().source()), sources.size());
            sources.putIfAbsent(ByteBuffer.wrap(made.last().source()), sources.size());
        }));
        out.number(sources.size());
        sources.keySet().forEach(source -> out.name(source.array()));
        out.number(byInstrument.size());
        byInstrument.forEach((name, each) -> {
            out.name(name.getBytes(StandardCharsets.UTF_8));
            out.number(each.size());
        });
        for (int i = 0; i < minutes.size(); i++) {
            out.signed(minutes.get(i) - (i == 0 ? 0 : minutes.get(i - 1)));
        }
        out.numbers(all, PartialBar::rows);
        out.numbers(all, made -> Math.floorMod(made.firstNs(), MinuteBars.MINUTE_NS));
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
            bars.forEach(bar -> bytes.putDouble(value.applyAsDouble(bar)));
        }

        byte[] toByteArray() {
            return Arrays.copyOf(bytes.array(), bytes.position());
        }
    }
}
