package io.qaexchange.parquet.bar;

import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Bars of one width, of all rows of a file that have a price; they begin at multiples of the width since 1970, and the rows are all of one trading day. A subtask of a
 * job gives the bars of its hot rows in the same bytes, see {@link PartialBars}. Immutable; nobody changes the bars.
 *
 * <p>The text of it, an entry of the footer, is the Base64 of:
 *
 * <pre>
 *   offset  size  field
 *        0     1  version of this format, 1
 *        1     4  CRC-32C of all that follows, little-endian
 *        5     4  bytes of the content before it was compressed, little-endian
 *        9     …  the content, compressed as ZLIB (RFC 1950)
 * </pre>
 *
 * <p>The content has numbers of 7 bits a byte, the lowest first, as Parquet's ULEB128; signed ones in zigzag order. After the width in seconds and
 * the trading day (yyyymmdd) come the number of sources and each source, the number of instruments and each with its number of bars; a name is its number of
 * bytes and its UTF-8. Then come columns with a value for each bar, in the order of instruments and times:
 *
 * <pre>
 *   begin           widths since 1970, signed: the difference to the bar before, which may be of another instrument
 *   rows            number of rows
 *   first time      ns after the bar began
 *   last time       ns after the first time
 *   first source    index of a source
 *   first sequence  signed: the difference to the last sequence of the bar before
 *   last source     index of a source
 *   last sequence   signed: the difference to the first sequence
 *   open, high, low, close, volume, its rounding, turnover, its rounding    eight columns of doubles
 * </pre>
 *
 * <p>A column of doubles has their lowest bytes one after the other, then the next ones, as Parquet's BYTE_STREAM_SPLIT.
 *
 * <p>A sum and its rounding are the two numbers of Neumaier's summation, so that sums of files add up as if their rows had been added.
 */
public final class FileBars {

    /** Widths of which a file keeps bars if they are worth it, in seconds; each a multiple of the one before. */
    public static final List<Integer> WIDTHS = List.of(60, 900, 3_600);

    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    static final byte VERSION = 1;
    static final int HEADER_BYTES = 9;
    /** Far more than a file has. */
    private static final int MOST_CONTENT_BYTES = 1 << 28;

    private final int widthSeconds;
    private final int tradingDay;
    private final Map<String, List<Part>> byInstrument;
    private final int size;

    /**
     * Rows of an instrument and width of time.
     *
     * @param beginNs its beginning, ns since 1970
     */
    public record Part(long beginNs, PartialBar bar) {
    }

    private FileBars(int widthSeconds, int tradingDay, Map<String, List<Part>> byInstrument) {
        this.widthSeconds = widthSeconds;
        this.tradingDay = tradingDay;
        this.byInstrument = byInstrument;
        this.size = byInstrument.values().stream().mapToInt(List::size).sum();
    }

    /** Width of the bars. */
    public int widthSeconds() {
        return widthSeconds;
    }

    /** Trading day of all rows, yyyymmdd. */
    public int tradingDay() {
        return tradingDay;
    }

    /** The bars of each instrument that has some, in their order. */
    public Map<String, List<Part>> byInstrument() {
        return byInstrument;
    }

    /** How many bars there are. */
    public int size() {
        return size;
    }

    /** Rows in all bars. */
    public long rows() {
        return byInstrument.values().stream().flatMap(List::stream).mapToLong(part -> part.bar().rows()).sum();
    }

    /**
     * Reads the text that {@link FileBarsBuilder#texts} made.
     *
     * @throws IOException if it is damaged, or a newer version wrote it
     */
    public static FileBars parse(String text) throws IOException {
        try {
            return read(Base64.getDecoder().decode(text));
        } catch (IllegalArgumentException e) {
            throw new IOException("the bars are damaged: " + e.getMessage(), e);
        }
    }

    /**
     * Reads the bytes that the text stands for.
     *
     * @throws IOException if they are damaged, or a newer version wrote them
     */
    public static FileBars read(byte[] bytes) throws IOException {
        try {
            return read(ByteBuffer.wrap(inflate(bytes)).order(ByteOrder.LITTLE_ENDIAN));
        } catch (IllegalArgumentException | BufferUnderflowException | DataFormatException | IndexOutOfBoundsException e) {
            throw new IOException("the bars are damaged: " + e.getMessage(), e);
        }
    }

    private static byte[] inflate(byte[] bytes) throws IOException, DataFormatException {
        ByteBuffer header = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int version = header.get();
        if (version != VERSION) {
            throw new IOException("the bars have version " + version + ", this build reads version " + VERSION);
        }
        int checksum = header.getInt();
        if (checksum != checksum(bytes)) {
            throw new IOException("the bars are damaged: their checksum is wrong");
        }
        int length = header.getInt();
        if (length < 0 || length > MOST_CONTENT_BYTES) {
            throw new IOException("the bars are damaged: they have " + length + " bytes");
        }
        byte[] content = new byte[length];
        Inflater inflater = new Inflater();
        try {
            inflater.setInput(bytes, HEADER_BYTES, bytes.length - HEADER_BYTES);
            if (inflater.inflate(content) != length || length == 0) {
                throw new IOException("the bars are damaged: they end early");
            }
            return content;
        } finally {
            inflater.end();
        }
    }

    /** CRC-32C of the bytes behind the checksum. */
    static int checksum(byte[] bytes) {
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, 1 + Integer.BYTES, bytes.length - 1 - Integer.BYTES);
        return (int) checksum.getValue();
    }

    private static FileBars read(ByteBuffer in) {
        int widthSeconds = (int) number(in);
        int tradingDay = (int) number(in);
        byte[][] sources = new byte[count(in)][];
        for (int i = 0; i < sources.length; i++) {
            sources[i] = name(in);
        }
        String[] instruments = new String[count(in)];
        int[] bars = new int[instruments.length];
        int all = 0;
        for (int i = 0; i < instruments.length; i++) {
            instruments[i] = new String(name(in), StandardCharsets.UTF_8);
            bars[i] = count(in);
            all = Math.addExact(all, bars[i]);
        }
        Columns columns = new Columns(in, all, widthSeconds * NANOS_PER_SECOND, sources);
        Map<String, List<Part>> byInstrument = new LinkedHashMap<>();
        int at = 0;
        for (int i = 0; i < instruments.length; i++) {
            List<Part> parts = new ArrayList<>(bars[i]);
            for (int k = 0; k < bars[i]; k++) {
                parts.add(columns.get(at++));
            }
            byInstrument.put(instruments[i], List.copyOf(parts));
        }
        return new FileBars(widthSeconds, tradingDay, Map.copyOf(byInstrument));
    }

    /** The columns, with a value for each bar. */
    private static final class Columns {
        private final long widthNs;
        private final byte[][] sources;
        private final long[] begins;
        private final long[] rows;
        private final long[] firstTimes;
        private final long[] lastTimes;
        private final long[] firstSources;
        private final long[] firstSequences;
        private final long[] lastSources;
        private final long[] lastSequences;
        private final double[][] values = new double[8][];

        Columns(ByteBuffer in, int bars, long widthNs, byte[][] sources) {
            this.widthNs = widthNs;
            this.sources = sources;
            if (bars > in.remaining()) {
                throw new IndexOutOfBoundsException(bars + " bars in " + in.remaining() + " bytes");
            }
            begins = signed(in, bars);
            rows = numbers(in, bars);
            firstTimes = numbers(in, bars);
            lastTimes = numbers(in, bars);
            firstSources = numbers(in, bars);
            firstSequences = signed(in, bars);
            lastSources = numbers(in, bars);
            lastSequences = signed(in, bars);
            for (int column = 0; column < values.length; column++) {
                values[column] = doubles(in, bars);
            }
            long begin = 0;
            long sequence = 0;
            for (int i = 0; i < bars; i++) {
                begins[i] = begin += begins[i];
                firstSequences[i] += sequence;
                sequence = lastSequences[i] += firstSequences[i];
            }
        }

        Part get(int i) {
            long begin = begins[i] * widthNs;
            PartialBar.Place first = new PartialBar.Place(begin + firstTimes[i], sources[(int) firstSources[i]], firstSequences[i]);
            PartialBar.Place last = new PartialBar.Place(first.timeNs() + lastTimes[i], sources[(int) lastSources[i]], lastSequences[i]);
            return new Part(begin, new PartialBar(rows[i], first, last, new PartialBar.Prices(values[0][i], values[1][i], values[2][i], values[3][i]),
                    new ExactSum(values[4][i], values[5][i]), new ExactSum(values[6][i], values[7][i])));
        }
    }

    private static long[] numbers(ByteBuffer in, int count) {
        long[] numbers = new long[count];
        for (int i = 0; i < count; i++) {
            numbers[i] = number(in);
        }
        return numbers;
    }

    private static long[] signed(ByteBuffer in, int count) {
        long[] numbers = numbers(in, count);
        for (int i = 0; i < count; i++) {
            numbers[i] = numbers[i] >>> 1 ^ -(numbers[i] & 1);
        }
        return numbers;
    }

    private static double[] doubles(ByteBuffer in, int count) {
        int at = in.position();
        byte[] bytes = in.array();
        in.position(at + count * Double.BYTES);
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
            long bits = 0;
            for (int k = Double.BYTES - 1; k >= 0; k--) {
                bits = bits << Byte.SIZE | bytes[at + k * count + i] & 0xFF;
            }
            values[i] = Double.longBitsToDouble(bits);
        }
        return values;
    }

    private static long number(ByteBuffer in) {
        long number = 0;
        for (int shift = 0;; shift += 7) {
            byte next = in.get();
            number |= (next & 0x7FL) << shift;
            if (next >= 0) {
                return number;
            }
        }
    }

    private static int count(ByteBuffer in) {
        long count = number(in);
        if (count < 0 || count > in.remaining()) {
            throw new IndexOutOfBoundsException(count + " things in " + in.remaining() + " bytes");
        }
        return (int) count;
    }

    private static byte[] name(ByteBuffer in) {
        byte[] name = new byte[count(in)];
        in.get(name);
        return name;
    }
}
