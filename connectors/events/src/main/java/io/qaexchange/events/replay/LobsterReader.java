package io.qaexchange.events.replay;

import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.EventSchema;
import io.qaexchange.events.Field;
import io.qaexchange.events.MalformedEventException;
import io.qaexchange.events.RecordType;
import io.qaexchange.events.Rejection;
import io.qaexchange.events.RejectionReason;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * LOBSTER message files, {@code SYMBOL_DATE_START_END_message_N.csv}, with the {@code …_orderbook_N.csv} beside it if there is one. Columns:
 * seconds after midnight, type, order id, size, price × 10,000, direction of the resting order (1 buy, -1 sell); further ones are
 * ignored. Types become:
 *
 * <pre>
 *   1  order_insert                        5  trade HIDDEN, without order id; direction NONE from 2014-07-14 on
 *   2  order_update PARTIALLY_CANCELLED    6  trade CROSS, without order id and direction
 *   3  order_update CANCELLED              7  trading_status by its price: -1 HALT, 0 QUOTE_RESUME, 1 RESUME
 *   4  trade NORMAL
 * </pre>
 *
 * <p>Line n of the order book file is the book after message n: a {@code book_snapshot} with its time, after its event. Source is the
 * file, sequence the line, the trade id both ({@code file:line}).
 */
final class LobsterReader extends LineReader {

    private static final Pattern NAME = Pattern.compile("(.+)_(\\d{4}-\\d{2}-\\d{2})_\\d+_\\d+_message_(\\d+)\\.csv");
    private static final Pattern SECONDS = Pattern.compile("(\\d{1,6})(?:\\.(\\d{1,9}))?");
    /** From this day on the file says buy for every hidden order. */
    private static final LocalDate HIDDEN_SIDE_UNKNOWN = LocalDate.of(2014, 7, 14);
    private static final long NANOS_PER_SECOND = 1_000_000_000L;
    private static final double PRICE_SCALE = 10_000;
    private static final long NO_LEVEL = 9_999_999_999L;
    private static final int COLUMNS = 6;
    private static final int COLUMNS_PER_LEVEL = 4;

    private final EventSchema schema = EventSchema.get();
    private final EventBuilder builder = new EventBuilder();
    private final List<String> columns = new ArrayList<>();
    private final String symbol;
    private final boolean hiddenSideKnown;
    private final long midnightNs;
    /** Null if there is no order book file. */
    private final LineFile book;
    private final RecordType bookType = EventSchema.get().table("book_snapshot");
    private final Field bids = bookType.field("bids");
    private final Field asks = bookType.field("asks");
    private boolean bookEnded;

    private LobsterReader(LineFile messages, LineFile book, String symbol, LocalDate date, ZoneId zone) {
        super(messages);
        this.book = book;
        this.symbol = symbol;
        this.hiddenSideKnown = date.isBefore(HIDDEN_SIDE_UNKNOWN);
        this.midnightNs = Math.multiplyExact(date.atStartOfDay(zone).toEpochSecond(), NANOS_PER_SECOND);
    }

    static LobsterReader open(Path path, ZoneId zone) {
        String name = LineFile.nameOf(path);
        Matcher matcher = NAME.matcher(name);
        if (!matcher.matches()) {
            throw new ReplayException(path + ": a LOBSTER file is named SYMBOL_DATE_START_END_message_N.csv (.gz, .zst), "
                    + "as AMZN_2012-06-21_34200000_57600000_message_10.csv");
        }
        LocalDate date;
        try {
            date = LocalDate.parse(matcher.group(2));
        } catch (DateTimeException e) {
            throw new ReplayException(path + ": " + matcher.group(2) + " is not a date", e);
        }
        if (date.getYear() < 1970 || date.getYear() > 2261) {
            throw new ReplayException(path + ": the date must be from 1970 to 2261");
        }
        String bookName = name.substring(0, name.length() - ("message_" + matcher.group(3) + ".csv").length())
                + "orderbook_" + matcher.group(3) + ".csv";
        Path bookPath = LineFile.find(path.toAbsolutePath().getParent(), bookName);
        LineFile messages = LineFile.open(path);
        try {
            return new LobsterReader(messages, bookPath == null ? null : LineFile.open(bookPath), matcher.group(1), date, zone);
        } catch (ReplayException e) {
            messages.close();
            throw e;
        }
    }

    @Override
    void readEmpty() {
        bad(new Rejection(RejectionReason.BAD_LENGTH, "line is empty"));
        badBookOfBadMessage(nextBook());
    }

    @Override
    void readTooLong() {
        super.readTooLong();
        badBookOfBadMessage(nextBook());
    }

    @Override
    void read(byte[] line) {
        byte[] bookLine = nextBook();
        long time;
        try {
            CsvReader.split(utf8(line), columns);
            if (columns.size() < COLUMNS) {
                throw new MalformedEventException(RejectionReason.BAD_LENGTH, "line has " + columns.size() + " columns, expected 6");
            }
            time = time(columns.get(0));
            addEvent(event(time));
        } catch (MalformedEventException e) {
            bad(new Rejection(e.reason(), e.detail()));
            badBookOfBadMessage(bookLine);
            return;
        }
        if (bookLine != null) {
            readBook(bookLine, time);
        } else if (book != null && !bookEnded) {
            bookEnded = true;
            badBook(new Rejection(RejectionReason.TRUNCATED, "the order book file has fewer lines than the message file: it ends after line "
                    + book.number()));
        }
    }

    private byte[] nextBook() {
        return book == null || bookEnded ? null : book.next();
    }

    private void badBookOfBadMessage(byte[] bookLine) {
        if (bookLine != null) {
            badBook(new Rejection(RejectionReason.BAD_TIME, "the message of this book, line " + file().number() + " of "
                    + file().name() + ", is not readable"));
        }
    }

    private byte[] event(long time) {
        String type = columns.get(1);
        switch (type) {
            case "1" -> {
                start("order_insert", time).set("order_id", orderId()).set("direction", direction()).set("offset", "NONE")
                        .set("price_type", "LIMIT").set("price", price()).set("volume", size());
            }
            case "2" -> start("order_update", time).set("order_id", orderId()).set("status", "PARTIALLY_CANCELLED")
                    .set("volume_cancelled", size());
            case "3" -> start("order_update", time).set("order_id", orderId()).set("status", "CANCELLED")
                    .set("volume_cancelled", size()).set("volume_left", 0);
            case "4" -> trade(time, "NORMAL", direction()).set("order_id", orderId());
            case "5" -> trade(time, "HIDDEN", hiddenSideKnown ? direction() : "NONE");
            case "6" -> trade(time, "CROSS", "NONE");
            case "7" -> start("trading_status", time).set("status", status());
            default -> throw new MalformedEventException(RejectionReason.UNKNOWN_TYPE, "type " + type + " is none of 1 to 7");
        }
        return builder.build();
    }

    private EventBuilder start(String table, long time) {
        return builder.start(schema.table(table)).eventTime(time).instrument(symbol).identity(file().name(), file().number());
    }

    private EventBuilder trade(long time, String kind, String direction) {
        return start("trade", time).set("trade_id", file().name() + ":" + file().number()).set("direction", direction)
                .set("offset", "NONE").set("price", price()).set("volume", size()).set("kind", kind);
    }

    private long time(String text) {
        Matcher matcher = SECONDS.matcher(text);
        if (!matcher.matches()) {
            throw new MalformedEventException(RejectionReason.BAD_TIME,
                    "time: expected seconds after midnight with at most 9 decimals, found " + text);
        }
        String decimals = matcher.group(2) == null ? "" : matcher.group(2);
        long nanos = Long.parseLong((decimals + "000000000").substring(0, 9));
        return midnightNs + Long.parseLong(matcher.group(1)) * NANOS_PER_SECOND + nanos;
    }

    private String orderId() {
        return Long.toString(integer("order id", columns.get(2)));
    }

    private double size() {
        long size = integer("size", columns.get(3));
        if (size < 0) {
            throw new MalformedEventException(RejectionReason.BAD_VALUE, "size: " + size + " is below 0");
        }
        return size;
    }

    private double price() {
        return integer("price", columns.get(4)) / PRICE_SCALE;
    }

    private String direction() {
        return switch (columns.get(5)) {
            case "1" -> "BUY";
            case "-1" -> "SELL";
            default -> throw new MalformedEventException(RejectionReason.BAD_VALUE,
                    "direction: expected 1 or -1, found " + columns.get(5));
        };
    }

    private String status() {
        return switch (columns.get(4)) {
            case "-1" -> "HALT";
            case "0" -> "QUOTE_RESUME";
            case "1" -> "RESUME";
            default -> throw new MalformedEventException(RejectionReason.BAD_VALUE,
                    "price of a trading halt: expected -1, 0 or 1, found " + columns.get(4));
        };
    }

    private static long integer(String what, String text) {
        try {
            return Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new MalformedEventException(RejectionReason.WRONG_TYPE, what + ": expected an integer, found " + text);
        }
    }

    private void readBook(byte[] line, long time) {
        try {
            CsvReader.split(utf8(line), columns);
            if (line.length == 0 || columns.size() % COLUMNS_PER_LEVEL != 0) {
                throw new MalformedEventException(RejectionReason.BAD_LENGTH,
                        "line has " + (line.length == 0 ? 0 : columns.size()) + " columns, expected four per level");
            }
            builder.start(bookType).eventTime(time).instrument(symbol).identity(book.name(), book.number());
            for (int i = 0; i < columns.size(); i += COLUMNS_PER_LEVEL) {
                addLevel(asks, columns.get(i), columns.get(i + 1));
                addLevel(bids, columns.get(i + 2), columns.get(i + 3));
            }
            add(new ReplayItem.Event(book.name(), book.number(), builder.build()));
        } catch (MalformedEventException e) {
            badBook(new Rejection(e.reason(), e.detail()));
        }
    }

    private void addLevel(Field side, String price, String size) {
        long ticks = integer("price", price);
        if (Math.abs(ticks) != NO_LEVEL) {
            builder.addLevel(side, ticks / PRICE_SCALE, integer("size", size));
        }
    }

    private void badBook(Rejection rejection) {
        add(new ReplayItem.BadLine(book.name(), book.number(), rejection));
    }

    @Override
    void finish() {
        if (book != null && !bookEnded) {
            bookEnded = true;
            if (book.next() != null) {
                badBook(new Rejection(RejectionReason.BAD_LENGTH, "the order book file has more lines than the message file"));
            }
        }
    }

    @Override
    public void close() {
        try {
            super.close();
        } finally {
            if (book != null) {
                book.close();
            }
        }
    }
}
