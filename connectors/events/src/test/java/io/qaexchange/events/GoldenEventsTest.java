package io.qaexchange.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Messages as version 1 wrote them, one file per table, kept for ever: a line of JSON, then the bytes in hex, for a full and for a
 * bare event. {@code -Dtest.rewrite=true} adds files that are missing and changes none.
 */
class GoldenEventsTest {

    private static final Path FOLDER = Path.of("src", "test", "resources", "golden", "v1");
    private static final int HEX_PER_LINE = 96;

    private record Golden(String json, byte[] bytes) {
    }

    static Stream<String> tables() {
        return EventSchema.get().tables().stream();
    }

    @ParameterizedTest
    @MethodSource("tables")
    void versionOneIsReadForEver(String table) throws IOException {
        List<Golden> goldens = read(table);
        assertThat(goldens).hasSize(2);
        EventDecoder decoder = new EventDecoder();
        for (Golden golden : goldens) {
            Decoded decoded = decoder.decode(golden.bytes());
            assertThat(decoded.rejection()).isNull();
            assertThat(decoder.event().version()).isEqualTo(1);
            assertThat(EventJson.write(decoder.event())).isEqualTo(golden.json());
            Decoded fromJson = decoder.decode(golden.json().getBytes(StandardCharsets.UTF_8));
            assertThat(fromJson.rejection()).isNull();
            assertThat(EventJson.write(decoder.event())).isEqualTo(golden.json());
        }
    }

    @ParameterizedTest
    @MethodSource("tables")
    void fullEventSetsEveryColumnAndBareEventNoneThatMayBeAbsent(String table) throws IOException {
        List<Golden> goldens = read(table);
        EventView full = new EventView().wrap(goldens.get(0).bytes());
        EventView bare = new EventView().wrap(goldens.get(1).bytes());
        for (Field field : EventSchema.get().table(table).fields()) {
            if (field.sinceVersion() == 1) {
                assertThat(full.isNull(field)).as("full %s", field).isFalse();
                boolean needed = !field.nullable();
                assertThat(bare.isNull(field)).as("bare %s", field).isEqualTo(!needed);
            }
        }
    }

    @Test
    void thisVersionStillWritesTheseBytes() throws IOException {
        for (RecordType type : EventSchema.get().recordTypes()) {
            if (EventSchema.get().version() == 1) {
                assertThat(read(type.table()).get(0).bytes()).isEqualTo(full(type));
                assertThat(read(type.table()).get(1).bytes()).isEqualTo(bare(type));
            }
        }
    }

    private static List<Golden> read(String table) throws IOException {
        Path file = FOLDER.resolve(table + ".txt");
        if (!Files.exists(file) && Boolean.getBoolean("test.rewrite")) {
            write(file, EventSchema.get().table(table));
        }
        List<Golden> goldens = new ArrayList<>();
        String json = null;
        StringBuilder hex = new StringBuilder();
        for (String line : Files.readAllLines(file)) {
            if (line.startsWith("{")) {
                json = line;
            } else if (line.isEmpty()) {
                goldens.add(new Golden(json, HexFormat.of().parseHex(hex)));
                hex.setLength(0);
            } else {
                hex.append(line);
            }
        }
        return goldens;
    }

    private static void write(Path file, RecordType type) throws IOException {
        StringBuilder out = new StringBuilder();
        for (byte[] event : List.of(full(type), bare(type))) {
            out.append(EventJson.write(new EventView().wrap(event))).append('\n');
            String hex = HexFormat.of().formatHex(event);
            for (int i = 0; i < hex.length(); i += HEX_PER_LINE) {
                out.append(hex, i, Math.min(hex.length(), i + HEX_PER_LINE)).append('\n');
            }
            out.append('\n');
        }
        Files.createDirectories(file.getParent());
        Files.writeString(file, out);
    }

    private static byte[] full(RecordType type) {
        EventBuilder builder = new EventBuilder().start(type);
        for (Field field : type.fields()) {
            int i = field.index();
            switch (field.kind()) {
                case LONG -> builder.set(field, 1_767_690_000_123_456_789L + i);
                case INT -> builder.set(field, field == type.tradingDay() ? 20_260_106 : 1000 + i);
                case DOUBLE -> builder.set(field, 0.1 + i);
                case STRING -> builder.set(field, field.name() + " é語𝄞");
                case ENUM -> builder.set(field, field.enumNames().get(field.enumNames().size() - 1));
                case LEVELS -> builder.addLevel(field, 10.5 + i, 3).addLevel(field, 10.4 + i, 0.25);
            }
        }
        return builder.build();
    }

    private static byte[] bare(RecordType type) {
        EventBuilder builder = new EventBuilder().start(type);
        for (Field field : type.fields()) {
            if (!field.nullable()) {
                switch (field.kind()) {
                    case LONG -> builder.set(field, 0);
                    case INT -> builder.set(field, 0);
                    case DOUBLE -> builder.set(field, -0.0);
                    case STRING -> builder.set(field, "x");
                    case ENUM -> builder.set(field, field.enumNames().get(0));
                    case LEVELS -> builder.setNull(field);
                }
            }
        }
        return builder.build();
    }
}
