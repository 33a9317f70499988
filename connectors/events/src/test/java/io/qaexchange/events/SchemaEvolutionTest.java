package io.qaexchange.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A version 2 that appends a number and a text to {@code trade}: old bytes in new code, new bytes in old code. */
class SchemaEvolutionTest {

    private static final EventSchema V1 = EventSchema.get();
    private static final String LAST_FIELD = "<field name=\"kind\" id=\"15\" type=\"TradeKind\"/>";
    private static final String LAST_TEXT = "<data name=\"account\" id=\"9\" type=\"optionalText\"/>\n  </sbe:message>\n\n"
            + "  <sbe:message name=\"AccountUpdate\"";

    private static String xml;
    private static EventSchema v2;

    @BeforeAll
    static void makeVersionTwo() throws IOException {
        try (InputStream in = EventSchema.class.getResourceAsStream("events.xml")) {
            xml = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        v2 = parse(appended("<field name=\"liquidity\" id=\"16\" type=\"double\" presence=\"optional\" sinceVersion=\"2\"/>",
                "<data name=\"venueNote\" id=\"17\" type=\"optionalText\" sinceVersion=\"2\"/>"));
    }

    private static String appended(String field, String text) {
        assertThat(xml).contains(LAST_FIELD).contains(LAST_TEXT).contains("version=\"1\" semanticVersion");
        return xml.replace("version=\"1\" semanticVersion", "version=\"2\" semanticVersion")
                .replace(LAST_FIELD, LAST_FIELD + field)
                .replace(LAST_TEXT, LAST_TEXT.replaceFirst("\n", "\n" + text.replace("\\", "") + "\n"));
    }

    private static EventSchema parse(String text) throws IOException {
        return EventSchema.parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static byte[] trade(EventSchema schema, boolean withNew) {
        EventBuilder builder = new EventBuilder(schema).start(schema.table("trade")).eventTime(5).instrument("X")
                .identity("s", 1).set("trade_id", "T").set("direction", "BUY").set("offset", "OPEN").set("price", 2.5)
                .set("volume", 3.0).set("kind", "CROSS").set("account", "A");
        if (withNew) {
            builder.set("liquidity", 0.5).set("venue_note", "dark");
        }
        return builder.build();
    }

    @Test
    void newColumnsComeLast() {
        assertThat(v2.table("trade").fields().get(15).name()).isEqualTo("liquidity");
        assertThat(v2.table("trade").field("liquidity").sinceVersion()).isEqualTo(2);
        assertThat(v2.table("trade").fields().subList(0, 15)).extracting(Field::name)
                .isEqualTo(V1.table("trade").fields().stream().map(Field::name).toList());
    }

    @Test
    void oldBytesAreReadByNewCodeWithNewFieldsAbsent() {
        Decoded decoded = new EventDecoder(v2).decode(trade(V1, false));
        assertThat(decoded.rejection()).isNull();
        RecordType type = v2.table("trade");
        EventView view = new EventView(v2).wrap(decoded.event());
        assertThat(view.version()).isEqualTo(1);
        assertThat(view.isNull(type.field("liquidity"))).isTrue();
        assertThat(view.getDouble(type.field("liquidity"))).isNaN();
        assertThat(view.getString(type.field("venue_note"))).isNull();
        assertThat(view.getString(type.field("account"))).isEqualTo("A");
        assertThat(view.getDouble(type.field("price"))).isEqualTo(2.5);
    }

    @Test
    void newBytesAreReadByOldCodeAndKeptWhole() {
        byte[] message = trade(v2, true);
        EventDecoder decoder = new EventDecoder();
        Decoded decoded = decoder.decode(message);
        assertThat(decoded.rejection()).isNull();
        assertThat(decoded.event()).isEqualTo(message);
        EventView view = decoder.event();
        RecordType type = V1.table("trade");
        assertThat(view.version()).isEqualTo(2);
        assertThat(view.getDouble(type.field("price"))).isEqualTo(2.5);
        assertThat(view.getString(type.field("kind"))).isEqualTo("CROSS");
        assertThat(view.getString(type.field("account"))).isEqualTo("A");
        assertThat(view.source()).isEqualTo("s");
    }

    @Test
    void everyRecordOfOneVersionIsReadByTheOther() {
        for (long seed = 0; seed < 500; seed++) {
            byte[] old = RandomEvents.event(V1, new Random(seed));
            assertThat(new EventDecoder(v2).decode(old).rejection()).isNull();
            byte[] young = RandomEvents.event(v2, new Random(seed));
            assertThat(new EventDecoder(V1).decode(young).rejection()).isNull();
        }
    }

    @Test
    void jsonWithNewKeysIsReadByOldCodeThatCountsThem() {
        String json = EventJson.write(new EventView(v2).wrap(trade(v2, true)));
        EventDecoder decoder = new EventDecoder();
        assertThat(decoder.decode(json.getBytes(StandardCharsets.UTF_8)).event()).isEqualTo(trade(V1, false));
        assertThat(decoder.unknownKeys()).isEqualTo(2);
    }

    @Test
    void shorterBlockThanItsVersionHasIsDamage() {
        byte[] message = trade(V1, false);
        message[0]--;
        assertThat(new EventDecoder().decode(message).rejection().reason()).isEqualTo(RejectionReason.BAD_LENGTH);
        byte[] young = trade(v2, true);
        young[0] = (byte) (V1.table("trade").blockLength() - 1);
        assertThat(new EventDecoder().decode(young).rejection().reason()).isEqualTo(RejectionReason.BAD_LENGTH);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "<field name=\"liquidity\" id=\"16\" type=\"double\" sinceVersion=\"2\"/> || an appended field must be optional",
        "<field name=\"liquidity\" id=\"15\" type=\"double\" presence=\"optional\" sinceVersion=\"2\"/> || id 15 is used twice",
        "<field name=\"price\" id=\"16\" type=\"double\" presence=\"optional\" sinceVersion=\"2\"/> || two columns are named price",
        "<field name=\"liquidity\" id=\"16\" type=\"double\" presence=\"optional\" sinceVersion=\"3\"/> || newer than the schema",
        "<field name=\"liquidity\" id=\"16\" type=\"float\" presence=\"optional\" sinceVersion=\"2\"/> || type float is not supported",
        "<group name=\"fees\" id=\"16\" sinceVersion=\"2\"><field name=\"price\" id=\"1\" type=\"double\"/>"
                + "<field name=\"volume\" id=\"2\" type=\"double\"/></group> || a group cannot be added",
        "| <data name=\"note\" id=\"16\" type=\"text\" sinceVersion=\"2\"/> | an appended field must be optional",
        "| <data name=\"note\" id=\"16\" type=\"blob\" sinceVersion=\"2\"/> | data of unknown type blob",
    })
    void changesThatWouldBreakReadersAreRefused(String field, String text, String message) {
        assertThatThrownBy(() -> parse(appended(field == null ? "" : field, text == null ? "" : text)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }

    @Test
    void blockThatWouldLookLikeJsonIsRefused() {
        int blockLength = V1.table("settlement").blockLength();
        StringBuilder padding = new StringBuilder();
        for (int i = 0; i < 123 - blockLength; i++) {
            padding.append("<field name=\"f").append(i).append("\" id=\"").append(100 + i).append("\" type=\"Side\"/>");
        }
        String settlement = "<field name=\"settlementPrice\" id=\"6\" type=\"double\"/>";
        assertThat(xml).contains(settlement);
        assertThatThrownBy(() -> parse(xml.replace(settlement, settlement + padding)))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
