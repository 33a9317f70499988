package io.qaexchange.events.instruments;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Reads the text of an instruments file into its entries, token by token, so that every complaint names its line. The format is
 * described at {@link Instruments}.
 */
final class InstrumentsFile {

    /**
     * One entry, or the file's default (empty id and prefix).
     *
     * @param id the one instrument it is about, or ""
     * @param prefix the beginning of the instruments it is about, or ""
     */
    record Entry(String id, String prefix, int line, Map<InstrumentKey, Object> values) {

        private static final int RANK_OF_ID = 1 << 20;

        boolean matches(String instrument) {
            if (!id.isEmpty()) {
                return id.equals(instrument);
            }
            if (!instrument.startsWith(prefix)) {
                return false;
            }
            boolean endsInProduct = !prefix.isEmpty() && Character.isLetter(prefix.charAt(prefix.length() - 1));
            boolean goesOnInProduct = instrument.length() > prefix.length()
                    && Character.isLetter(instrument.charAt(prefix.length()));
            return !(endsInProduct && goesOnInProduct);
        }

        /** Higher is more specific. */
        int rank() {
            return id.isEmpty() ? prefix.length() : RANK_OF_ID;
        }
    }

    private static final YAMLFactory YAML = new YAMLFactory();
    private static final String ENTRY_KEYS = "id, prefix, "
            + Arrays.stream(InstrumentKey.values()).map(InstrumentKey::key).collect(Collectors.joining(", "));

    private final String fileName;
    private final JsonParser parser;
    private final List<Entry> entries = new ArrayList<>();

    private InstrumentsFile(String fileName, JsonParser parser) {
        this.fileName = fileName;
        this.parser = parser;
    }

    static List<Entry> parse(String fileName, String yaml) {
        try (JsonParser parser = YAML.createParser(yaml)) {
            InstrumentsFile file = new InstrumentsFile(fileName, parser);
            file.readFile();
            return List.copyOf(file.entries);
        } catch (JsonProcessingException e) {
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            throw new InstrumentsException(fileName + " line " + line + ": not YAML: "
                    + e.getOriginalMessage().lines().findFirst().orElse(""), e);
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory failed", e);
        }
    }

    private void readFile() throws IOException {
        JsonToken first = parser.nextToken();
        if (first == null) {
            return;
        }
        if (first != JsonToken.START_OBJECT) {
            throw error("a file", "the keys default and instruments");
        }
        Set<String> seen = new HashSet<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            int line = line();
            if (!seen.add(key)) {
                throw new InstrumentsException(at(line) + "key " + key + " stands twice");
            }
            parser.nextToken();
            switch (key) {
                case "default" -> readDefault();
                case "instruments" -> readEntries();
                default -> throw new InstrumentsException(at(line) + "unknown key " + key + "; expected default or instruments");
            }
        }
    }

    private void readDefault() throws IOException {
        Entry entry = readEntry("default");
        if (!entry.id().isEmpty() || !entry.prefix().isEmpty()) {
            throw new InstrumentsException(at(entry.line()) + "the entry default must not have an id or a prefix");
        }
        entries.add(entry);
    }

    private void readEntries() throws IOException {
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw error("key instruments", "a list of entries, each beginning with \"- id:\" or \"- prefix:\"");
        }
        Set<String> names = new HashSet<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            Entry entry = readEntry("an entry of instruments");
            if (entry.id().isEmpty() == entry.prefix().isEmpty()) {
                throw new InstrumentsException(at(entry.line()) + "an entry needs either an id or a prefix");
            }
            String name = entry.id().isEmpty() ? "prefix " + entry.prefix() : "id " + entry.id();
            if (!names.add(name)) {
                throw new InstrumentsException(at(entry.line()) + name + " stands twice");
            }
            entries.add(entry);
        }
    }

    private Entry readEntry(String what) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw error(what, "keys and values");
        }
        int entryLine = line();
        String id = "";
        String prefix = "";
        Map<InstrumentKey, Object> values = new EnumMap<>(InstrumentKey.class);
        Set<String> seen = new HashSet<>();
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            int line = line();
            if (!seen.add(name)) {
                throw new InstrumentsException(at(line) + "key " + name + " stands twice");
            }
            parser.nextToken();
            InstrumentKey key = InstrumentKey.find(name);
            if (key != null) {
                values.put(key, readValue(key));
            } else if (name.equals("id")) {
                id = readName(name);
            } else if (name.equals("prefix")) {
                prefix = readName(name);
            } else {
                throw new InstrumentsException(at(line) + "unknown key " + name + "; expected one of " + ENTRY_KEYS);
            }
        }
        LocalDate first = (LocalDate) values.get(InstrumentKey.FIRST_DAY);
        LocalDate last = (LocalDate) values.get(InstrumentKey.LAST_DAY);
        if (first != null && last != null && first.isAfter(last)) {
            throw new InstrumentsException(at(entryLine) + "first_day " + first + " is after last_day " + last);
        }
        return new Entry(id, prefix, entryLine, values);
    }

    private String readName(String key) throws IOException {
        if (!parser.currentToken().isScalarValue() || parser.getText().isEmpty()) {
            throw error("key " + key, "a name that is not empty");
        }
        return parser.getText();
    }

    private Object readValue(InstrumentKey key) throws IOException {
        int line = line();
        Object raw = readRaw(key);
        try {
            return key.read(raw);
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new InstrumentsException(at(line) + "key " + key.key() + ": expected " + key.expected() + ", found " + raw, e);
        }
    }

    private Object readRaw(InstrumentKey key) throws IOException {
        JsonToken token = parser.currentToken();
        if (token == JsonToken.START_ARRAY) {
            List<String> list = new ArrayList<>();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                if (!parser.currentToken().isScalarValue()) {
                    throw error("key " + key.key(), key.expected());
                }
                list.add(parser.getText());
            }
            return list;
        }
        if (!token.isScalarValue() || token == JsonToken.VALUE_NULL) {
            throw error("key " + key.key(), key.expected());
        }
        return parser.getText();
    }

    private int line() {
        return parser.currentTokenLocation().getLineNr();
    }

    private String at(int line) {
        return fileName + " line " + line + ": ";
    }

    private InstrumentsException error(String where, String expected) throws IOException {
        String found = switch (parser.currentToken()) {
            case START_ARRAY -> "a list";
            case START_OBJECT -> "keys and values";
            case VALUE_NULL -> "nothing";
            default -> parser.getText();
        };
        return new InstrumentsException(at(line()) + where + ": expected " + expected + ", found " + found);
    }
}
