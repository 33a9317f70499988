package io.qaexchange.events.replay;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.airlift.compress.zstd.ZstdOutputStream;
import io.qaexchange.events.EventDecoder;
import io.qaexchange.events.EventIdentity;
import io.qaexchange.events.EventJson;
import io.qaexchange.events.EventView;
import io.qaexchange.events.RejectionReason;
import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.generator.GeneratedMessage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ReplayTest {

    private static final String LOBSTER_NAME = "AMZN_2012-06-21_34200000_57600000_message_1.csv";
    private static final ReplayOptions LOBSTER = ReplayOptions.lobster(ReplayOptions.DEFAULT_ZONE);

    @TempDir
    private Path folder;

    private Path write(String name, String text) throws IOException {
        return write(name, text.getBytes(StandardCharsets.UTF_8));
    }

    private Path write(String name, byte[] bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = name.endsWith(".gz") ? new GZIPOutputStream(packed)
                : name.endsWith(".zst") ? new ZstdOutputStream(packed) : packed) {
            out.write(bytes);
        }
        return Files.write(folder.resolve(name), packed.toByteArray());
    }

    private static List<ReplayItem> readAll(Path file, ReplayOptions options) {
        List<ReplayItem> items = new ArrayList<>();
        try (ReplayReader reader = Replay.open(file, options)) {
            reader.forEachRemaining(items::add);
        }
        return items;
    }

    /** An event as JSON, a bad line as its reason and place. */
    private static List<String> texts(List<ReplayItem> items) {
        EventDecoder decoder = new EventDecoder();
        List<String> texts = new ArrayList<>();
        for (ReplayItem item : items) {
            if (item instanceof ReplayItem.Event event) {
                assertThat(decoder.decode(event.event()).rejection()).isNull();
                assertThat(decoder.event().sequence()).isEqualTo(item.line());
                texts.add(EventJson.write(decoder.event()));
            } else if (item instanceof ReplayItem.BadLine bad) {
                texts.add(bad.rejection().reason() + " " + bad.file() + ":" + bad.line());
            }
        }
        return texts;
    }

    private static long ns(String time) {
        OffsetDateTime t = OffsetDateTime.parse(time);
        return t.toEpochSecond() * 1_000_000_000L + t.getNano();
    }

    @Test
    void lobsterMessagesBecomeTheirEvents() throws IOException {
        Path file = write(LOBSTER_NAME, """
                34200.017459617,1,16113575,18,5853300,1
                34200.189608068,2,16113575,8,5853300,1
                34200.2,3,16113575,10,5853300,-1
                34200,4,16113584,5,5853400,-1,extra
                34200.000000001,5,0,1,5853200,1
                34201.5,6,-1,100,5853250,-1
                34202,7,0,0,-1,-1
                34203,7,0,0,0,-1
                34204,7,0,0,1,-1
                """);
        long midnight = ns("2012-06-21T00:00:00-04:00");
        String common = "\"instrument\":\"AMZN\",\"source\":\"" + LOBSTER_NAME + "\",\"sequence\":";
        assertThat(texts(readAll(file, LOBSTER))).containsExactly(
                "{\"type\":\"order_insert\",\"event_time\":" + (midnight + 34200017459617L) + "," + common
                        + "1,\"order_id\":\"16113575\",\"direction\":\"BUY\",\"offset\":\"NONE\",\"price_type\":\"LIMIT\",\"price\":585.33,\"volume\":18.0}",
                "{\"type\":\"order_update\",\"event_time\":" + (midnight + 34200189608068L) + "," + common
                        + "2,\"order_id\":\"16113575\",\"status\":\"PARTIALLY_CANCELLED\",\"volume_cancelled\":8.0}",
                "{\"type\":\"order_update\",\"event_time\":" + (midnight + 34200200000000L) + "," + common
                        + "3,\"order_id\":\"16113575\",\"status\":\"CANCELLED\",\"volume_left\":0.0,\"volume_cancelled\":10.0}",
                "{\"type\":\"trade\",\"event_time\":" + (midnight + 34200000000000L) + "," + common + "4,\"trade_id\":\"" + LOBSTER_NAME
                        + ":4\",\"order_id\":\"16113584\",\"direction\":\"SELL\",\"offset\":\"NONE\",\"price\":585.34,\"volume\":5.0,\"kind\":\"NORMAL\"}",
                "{\"type\":\"trade\",\"event_time\":" + (midnight + 34200000000001L) + "," + common + "5,\"trade_id\":\"" + LOBSTER_NAME
                        + ":5\",\"direction\":\"BUY\",\"offset\":\"NONE\",\"price\":585.32,\"volume\":1.0,\"kind\":\"HIDDEN\"}",
                "{\"type\":\"trade\",\"event_time\":" + (midnight + 34201500000000L) + "," + common + "6,\"trade_id\":\"" + LOBSTER_NAME
                        + ":6\",\"direction\":\"NONE\",\"offset\":\"NONE\",\"price\":585.325,\"volume\":100.0,\"kind\":\"CROSS\"}",
                "{\"type\":\"trading_status\",\"event_time\":" + (midnight + 34202000000000L) + "," + common + "7,\"status\":\"HALT\"}",
                "{\"type\":\"trading_status\",\"event_time\":" + (midnight + 34203000000000L) + "," + common + "8,\"status\":\"QUOTE_RESUME\"}",
                "{\"type\":\"trading_status\",\"event_time\":" + (midnight + 34204000000000L) + "," + common + "9,\"status\":\"RESUME\"}");
    }

    @ParameterizedTest
    @CsvSource({"2014-07-11, BUY", "2014-07-14, NONE", "2026-01-05, NONE"})
    void sideOfHiddenTradesIsUnknownSinceJuly2014(String date, String direction) throws IOException {
        Path file = write("X_" + date + "_1_2_message_5.csv", "34200,5,0,1,10000,1\n");
        assertThat(texts(readAll(file, LOBSTER))).singleElement().asString().contains("\"direction\":\"" + direction + "\"");
    }

    @Test
    void zoneMovesTheTimes() throws IOException {
        Path file = write("X_2026-01-05_1_2_message_5.csv", "0,7,0,0,1,-1\n");
        List<ReplayItem> items = readAll(file, ReplayOptions.lobster(ZoneId.of("Asia/Shanghai")));
        EventView view = new EventView().wrap(((ReplayItem.Event) items.get(0)).event());
        assertThat(view.eventTime()).isEqualTo(ns("2026-01-05T00:00:00+08:00"));
    }

    @Test
    void orderBookBesideTheMessagesGivesASnapshotPerLine() throws IOException {
        Path file = write(LOBSTER_NAME, "34200,1,1,18,5853300,1\n34201,1,2,1,5853400,-1\n");
        String bookName = LOBSTER_NAME.replace("message", "orderbook");
        write(bookName + ".gz", """
                9999999999,0,5853300,18,9999999999,0,-9999999999,0
                5853400,1,5853300,18,5859500,7,5853200,3
                """);
        List<String> texts = texts(readAll(file, LOBSTER));
        long time = ns("2012-06-21T09:30:00-04:00");
        assertThat(texts).hasSize(4);
        assertThat(texts.get(0)).contains("order_insert").contains("\"sequence\":1");
        assertThat(texts.get(1)).isEqualTo("{\"type\":\"book_snapshot\",\"event_time\":" + time + ",\"instrument\":\"AMZN\",\"source\":\""
                + bookName + "\",\"sequence\":1,\"bids\":[[585.33,18.0]],\"asks\":[]}");
        assertThat(texts.get(3)).isEqualTo("{\"type\":\"book_snapshot\",\"event_time\":" + (time + 1_000_000_000L)
                + ",\"instrument\":\"AMZN\",\"source\":\"" + bookName
                + "\",\"sequence\":2,\"bids\":[[585.33,18.0],[585.32,3.0]],\"asks\":[[585.34,1.0],[585.95,7.0]]}");
    }

    @Test
    void orderBookOfAnotherLengthIsReportedOnce() throws IOException {
        Path file = write(LOBSTER_NAME, "34200,1,1,18,5853300,1\n34201,1,2,1,5853400,-1\n34202,1,3,1,5853400,-1\n");
        String bookName = LOBSTER_NAME.replace("message", "orderbook");
        write(bookName, "1,1,1,1\n");
        assertThat(texts(readAll(file, LOBSTER))).hasSize(5).contains("TRUNCATED " + bookName + ":1");
        write(bookName, "1,1,1,1\n1,1,1,1\n1,1,1,1\n1,1,1,1\n");
        assertThat(texts(readAll(file, LOBSTER))).hasSize(7).contains("BAD_LENGTH " + bookName + ":4");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', value = {
        "34200,1,1,18,5853300          | BAD_LENGTH",
        "34200.0000000001,1,1,18,5853300,1 | BAD_TIME",
        "-5,1,1,18,5853300,1           | BAD_TIME",
        "3.42e4,1,1,18,5853300,1       | BAD_TIME",
        "34200,8,1,18,5853300,1        | UNKNOWN_TYPE",
        "34200,1,x,18,5853300,1        | WRONG_TYPE",
        "34200,1,1,1.5,5853300,1       | WRONG_TYPE",
        "34200,1,1,-1,5853300,1        | BAD_VALUE",
        "34200,1,1,18,585.33,1         | WRONG_TYPE",
        "34200,1,1,18,5853300,0        | BAD_VALUE",
        "34200,7,0,0,2,-1              | BAD_VALUE",
    })
    void badLobsterLinesAreNamedAndTheNextLineIsRead(String line, RejectionReason reason) throws IOException {
        Path file = write(LOBSTER_NAME, "34200,1,1,18,5853300,1\n" + line + "\n34201,1,2,1,5853400,-1\n");
        String bookName = LOBSTER_NAME.replace("message", "orderbook");
        write(bookName, "1,1,1,1\n2,1,2,1\n3,1,3,1\n");
        List<String> texts = texts(readAll(file, LOBSTER));
        assertThat(texts).hasSize(6);
        assertThat(texts.get(2)).isEqualTo(reason + " " + LOBSTER_NAME + ":2");
        assertThat(texts.get(3)).isEqualTo("BAD_TIME " + bookName + ":2");
        assertThat(texts.get(5)).contains("\"asks\":[[3.0E-4,1.0]]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"trades.csv", "AMZN_2012-06-21_1_2_orderbook_1.csv", "AMZN_20120621_1_2_message_1.csv",
        "AMZN_2012-06-31_1_2_message_1.csv"})
    void filesThatAreNotNamedLikeLobstersAreRefused(String name) throws IOException {
        Path file = write(name, "");
        assertThatThrownBy(() -> Replay.open(file, LOBSTER)).isInstanceOf(ReplayException.class).hasMessageContaining(name);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".gz", ".zst"})
    void compressionChangesNothingButTheBytesOfTheFile(String ending) throws IOException {
        String text = "34200,1,1,18,5853300,1\n".repeat(20_000);
        List<ReplayItem> items = readAll(write(LOBSTER_NAME + ending, text), LOBSTER);
        assertThat(items).hasSize(20_000);
        EventView view = new EventView().wrap(((ReplayItem.Event) items.get(19_999)).event());
        assertThat(view.source()).isEqualTo(LOBSTER_NAME);
        assertThat(view.sequence()).isEqualTo(20_000);
    }

    @ParameterizedTest
    @ValueSource(strings = {".gz", ".zst"})
    void damagedCompressionIsAnErrorThatNamesTheFile(String ending) throws IOException {
        Path file = write(LOBSTER_NAME + ending, "34200,1,1,18,5853300,1\n".repeat(50_000));
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, bytes.length / 2));
        assertThatThrownBy(() -> readAll(file, LOBSTER)).isInstanceOf(ReplayException.class).hasMessageContaining(LOBSTER_NAME + ending);
        Files.write(file, "no compressed bytes at all".getBytes(StandardCharsets.UTF_8));
        assertThatThrownBy(() -> readAll(file, LOBSTER)).isInstanceOf(ReplayException.class);
    }

    @Test
    void missingFileIsNamed() {
        assertThatThrownBy(() -> Replay.open(folder.resolve("none.jsonl"), ReplayOptions.jsonl()))
                .isInstanceOf(ReplayException.class).hasMessageContaining("none.jsonl: file not found");
    }

    @Test
    void csvColumnsComeInAnyOrder() throws IOException {
        Path file = write("t.csv", "\uFEFFinstrument,last_price,event_time,bid_price,kafka_offset\r\n"
                + "\"A,\"\"B\"\"\",1.5,2026-01-06T09:00:00+08:00,,77\r\n"
                + "C,-2e3,1767661200000000001,3,\r\n"
                + "\r\n"
                + "D,1,5,0.5,1");
        String common = "\"source\":\"t.csv\",\"sequence\":";
        assertThat(texts(readAll(file, ReplayOptions.csv("tick")))).containsExactly(
                "{\"type\":\"tick\",\"event_time\":1767661200000000000,\"instrument\":\"A,\\\"B\\\"\"," + common + "2,\"last_price\":1.5}",
                "{\"type\":\"tick\",\"event_time\":1767661200000000001,\"instrument\":\"C\"," + common + "3,\"last_price\":-2000.0,\"bid_price\":3.0}",
                "{\"type\":\"tick\",\"event_time\":5,\"instrument\":\"D\"," + common + "5,\"last_price\":1.0,\"bid_price\":0.5}");
    }

    @Test
    void csvMayHoldLevelsAndItsOwnIdentity() throws IOException {
        Path file = write("b.csv", "event_time,instrument,source,sequence,bids\n5,X,mine,2,\"[[1.5,2],[1,3]]\"\n");
        assertThat(texts(readAll(file, ReplayOptions.csv("book_snapshot")))).containsExactly(
                "{\"type\":\"book_snapshot\",\"event_time\":5,\"instrument\":\"X\",\"source\":\"mine\",\"sequence\":2,"
                        + "\"bids\":[[1.5,2.0],[1.0,3.0]],\"asks\":[]}");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', value = {
        "5,X            | BAD_LENGTH",
        "5,X,1,2        | BAD_LENGTH",
        "5,X,           | MISSING_FIELD",
        ",X,1           | MISSING_FIELD",
        "5,,1           | MISSING_FIELD",
        "x,X,1          | WRONG_TYPE",
        "5,X,one        | WRONG_TYPE",
        "5,X,0x10p1     | WRONG_TYPE",
        "5,X,1d         | WRONG_TYPE",
        "5,X,1e         | WRONG_TYPE",
        "5,X,NaN        | NOT_FINITE",
        "5,X,-inf       | NOT_FINITE",
        "5,X,1e999      | NOT_FINITE",
        "-5,X,1         | BAD_TIME",
        "1969-12-31T00:00:00Z,X,1 | BAD_TIME",
        "2026-01-06T09:00:00,X,1  | BAD_TIME",
        "5,\"X,1        | TRUNCATED",
        "5,\"X\"Y,1     | BAD_VALUE",
    })
    void badCsvLinesAreNamedAndTheNextLineIsRead(String line, RejectionReason reason) throws IOException {
        Path file = write("t.csv", "event_time,instrument,last_price\n" + line + "\n5,X,1\n");
        List<String> texts = texts(readAll(file, ReplayOptions.csv("tick")));
        assertThat(texts).hasSize(2);
        assertThat(texts.get(0)).isEqualTo(reason + " t.csv:2");
        assertThat(texts.get(1)).contains("\"sequence\":3");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "event_time,instrument,price         | t.csv line 1: table tick has no column price",
        "event_time,instrument               | t.csv line 1: column last_price of table tick is required",
        "event_time,instrument,last_price,instrument | t.csv line 1: column instrument stands twice",
        "\"event_time                        | t.csv line 1: a quotation mark",
        "''                                  | t.csv line 1: expected column names of table tick, found nothing",
    })
    void badCsvHeadersAreErrors(String header, String message) throws IOException {
        Path file = write("t.csv", header.equals("''") ? "" : header + "\n");
        assertThatThrownBy(() -> Replay.open(file, ReplayOptions.csv("tick"))).isInstanceOf(ReplayException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void optionsThatDoNotFitAreRefused() throws IOException {
        Path file = write("t.csv", "x\n");
        assertThatThrownBy(() -> Replay.open(file, ReplayOptions.csv("ticks"))).hasMessageContaining("no table ticks; there are");
        assertThatThrownBy(() -> ReplayOptions.csv(null)).hasMessageContaining("name the table of the CSV file");
        assertThatThrownBy(() -> new ReplayOptions(ReplayOptions.Format.JSONL, "tick", ReplayOptions.DEFAULT_ZONE))
                .hasMessageContaining("for CSV files only");
        assertThatThrownBy(() -> ReplayOptions.Format.of("xml")).hasMessage("unknown format xml; expected csv, jsonl or lobster");
        assertThat(ReplayOptions.Format.of("jsonl")).isEqualTo(ReplayOptions.Format.JSONL);
    }

    @Test
    void jsonLinesKeepTheirIdentityOrTakeFileAndLine() throws IOException {
        String tick = "{\"type\":\"tick\",\"event_time\":5,\"instrument\":\"X\",\"last_price\":1";
        byte[] invalid = "{\"type\":\"tick\",\"source\":\"\u00ff\"}\n".getBytes(StandardCharsets.ISO_8859_1);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.write((tick + "}\n" + tick + ",\"source\":\"s\",\"sequence\":2,\"extra\":0}\n\nnot json\n" + tick + "\n").getBytes(StandardCharsets.UTF_8));
        out.write(invalid);
        out.write(new byte[] {65, 81, 3, 0, '\n'});
        Path file = write("events.jsonl", out.toByteArray());
        try (ReplayReader reader = Replay.open(file, ReplayOptions.jsonl())) {
            List<ReplayItem> items = new ArrayList<>();
            reader.forEachRemaining(items::add);
            assertThat(texts(items)).containsExactly(
                    "{\"type\":\"tick\",\"event_time\":5,\"instrument\":\"X\",\"source\":\"events.jsonl\",\"sequence\":1,\"last_price\":1.0}",
                    "{\"type\":\"tick\",\"event_time\":5,\"instrument\":\"X\",\"source\":\"s\",\"sequence\":2,\"last_price\":1.0}",
                    "BAD_JSON events.jsonl:4", "TRUNCATED events.jsonl:5", "INVALID_UTF8 events.jsonl:6", "BAD_JSON events.jsonl:7");
            assertThat(reader.unknownKeys()).isEqualTo(1);
        }
    }

    @Test
    void generatedDayReadsBackFromJsonLines() throws IOException {
        StringBuilder lines = new StringBuilder();
        List<EventIdentity> sent = new ArrayList<>();
        EventGenerator generator = new EventGenerator(1, 5000);
        EventView view = new EventView();
        while (generator.hasNext()) {
            GeneratedMessage message = generator.next();
            if (message.fate().isStored()) {
                lines.append(EventJson.write(view.wrap(message.event()))).append('\n');
                sent.add(message.identity());
            }
        }
        Path file = write("day.jsonl.zst", lines.toString());
        List<EventIdentity> read = new ArrayList<>();
        for (ReplayItem item : readAll(file, ReplayOptions.jsonl())) {
            read.add(EventIdentity.of(view.wrap(((ReplayItem.Event) item).event()), "t", 0, 0));
        }
        assertThat(read).isEqualTo(sent);
    }

    @Test
    void lineBeyondTheLimitIsBadAndTheNextIsRead() throws IOException {
        Path file = write("t.csv.gz", "event_time,instrument,last_price\n" + "x".repeat((4 << 20) + 1) + "\n5,X,1\n");
        List<String> texts = texts(readAll(file, ReplayOptions.csv("tick")));
        assertThat(texts.get(0)).isEqualTo("TOO_LARGE t.csv:2");
        assertThat(texts.get(1)).contains("\"sequence\":3");
    }

    private static final String TICKS = "event_time,instrument,last_price\n5,X,1\n6,X,2\n";

    private static byte[] skippable() {
        return new byte[] {0x50, 0x2a, 0x4d, 0x18, 5, 0, 0, 0, 'h', 'e', 'l', 'l', 'o'};
    }

    private static byte[] concat(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }

    @Test
    void zstdMayHoldSkippableFramesAndSeveralOthers() throws IOException {
        byte[] whole = com.github.luben.zstd.Zstd.compress(TICKS.getBytes(StandardCharsets.UTF_8));
        byte[] first = com.github.luben.zstd.Zstd.compress(TICKS.substring(0, 40).getBytes(StandardCharsets.UTF_8));
        byte[] second = com.github.luben.zstd.Zstd.compress(TICKS.substring(40).getBytes(StandardCharsets.UTF_8));
        for (byte[] bytes : List.of(concat(skippable(), whole), concat(whole, skippable()), concat(first, second), concat(first, skippable(), second))) {
            Path file = Files.write(folder.resolve("t.csv.zst"), bytes);
            assertThat(readAll(file, ReplayOptions.csv("tick"))).hasSize(2);
        }
    }

    @Test
    void zstdMayHaveALongWindow() throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (com.github.luben.zstd.ZstdOutputStreamNoFinalizer out = new com.github.luben.zstd.ZstdOutputStreamNoFinalizer(packed)) {
            out.setLong(27);
            out.write(TICKS.getBytes(StandardCharsets.UTF_8));
        }
        assertThat(readAll(Files.write(folder.resolve("t.csv.zst"), packed.toByteArray()), ReplayOptions.csv("tick"))).hasSize(2);
    }

    @Test
    void endingsOfCompressionMayBeInCapitals() throws IOException {
        Files.move(write("t.csv.gz", TICKS), folder.resolve("T.CSV.GZ"));
        assertThat(texts(readAll(folder.resolve("T.CSV.GZ"), ReplayOptions.csv("tick"))).get(0)).contains("\"source\":\"T.CSV\"");
        Files.move(write("t.csv.zst", TICKS), folder.resolve("T.CSV.ZST"));
        assertThat(readAll(folder.resolve("T.CSV.ZST"), ReplayOptions.csv("tick"))).hasSize(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".gz", ".zst"})
    void emptyFilesHoldNothing(String ending) throws IOException {
        Path jsonl = Files.write(folder.resolve("e.jsonl" + ending), new byte[0]);
        assertThat(readAll(jsonl, ReplayOptions.jsonl())).isEmpty();
        Path csv = Files.write(folder.resolve("e.csv" + ending), new byte[0]);
        assertThatThrownBy(() -> readAll(csv, ReplayOptions.csv("tick"))).isInstanceOf(ReplayException.class)
                .hasMessageContaining("expected column names of table tick, found nothing");
    }

    @Test
    void jsonMayBeginWithWhiteSpace() throws IOException {
        String event = "{\"type\":\"tick\",\"event_time\":5,\"instrument\":\"X\",\"last_price\":1}";
        Path file = write("i.jsonl", "  " + event + "\n   \n\t" + event + " \n  [1]\n");
        List<String> texts = texts(readAll(file, ReplayOptions.jsonl()));
        assertThat(texts).hasSize(3);
        assertThat(texts.get(1)).contains("\"sequence\":3");
        assertThat(texts.get(2)).isEqualTo("BAD_JSON i.jsonl:4");
    }

    @Test
    void csvRecordsGoOnOverLinesWhileAQuotationMarkIsOpen() throws IOException {
        Path file = write("t.csv", "event_time,instrument,source,sequence,last_price\n5,\"X\ny \"\"z\"\"\",s,2,1\n6,X,s,4,1\n7,\"X,s,5,1\n8,X,s,6,1\n");
        List<String> texts = texts(readAll(file, ReplayOptions.csv("tick")));
        assertThat(texts.get(0)).contains("\"instrument\":\"X\\ny \\\"z\\\"\"");
        assertThat(texts.get(1)).contains("\"event_time\":6");
        assertThat(texts.get(2)).isEqualTo("TRUNCATED t.csv:5");
        assertThat(texts.get(3)).contains("\"event_time\":8");
    }
}
