package io.qaexchange.events;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.HashSet;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.SAXException;

/**
 * All record types and fields, read from the SBE schema file from which the flyweights are generated, too. JSON keys and Parquet, Arrow and
 * SQL columns derive from it; there is no second list of fields.
 *
 * <p>Reads the part of SBE that {@code events.xml} uses: 64- and 32-bit integers, doubles, enumerations of one byte, groups of (price,
 * volume) and texts with a 16-bit length, little-endian. Anything else in the file is an error at startup.
 *
 * <p>Immutable and thread-safe; {@link #get()} is loaded once.
 */
public final class EventSchema {

    /** Longest text, in bytes of UTF-8. */
    public static final int MAX_STRING_BYTES = 255;
    /** Longest message, encoded or JSON: 4 MiB. */
    public static final int MAX_MESSAGE_BYTES = 4 << 20;
    /** Most levels on one side of a book. */
    public static final int MAX_LEVELS = 65_534;
    /** Columns with ids up to this one stand in every record. */
    static final int LAST_COMMON_ID = 5;

    /** SBE message header: block length, template id, schema id, version, each an unsigned 16-bit little-endian number. */
    static final int HEADER_LENGTH = 8;
    /** Group header: block length and number of entries, 16 bits each. */
    static final int GROUP_HEADER_LENGTH = 4;
    /** A level: price and volume. */
    static final int LEVEL_LENGTH = 16;
    /** Length in front of a text. */
    static final int STRING_HEADER_LENGTH = 2;

    private static final String RESOURCE = "events.xml";
    private static final String REQUIRED_TEXT = "text";
    private static final String OPTIONAL_TEXT = "optionalText";
    private static final int FIRST_BYTE_OF_JSON = '{';

    private final int schemaId;
    private final int version;
    private final List<RecordType> recordTypes;
    private final RecordType[] byTemplateId = new RecordType[128];
    private final Map<String, RecordType> byTable = new HashMap<>();
    private final int maxDataCount;
    private final int maxGroupCount;
    private final int maxBlockLength;

    private static final class Holder {
        private static final EventSchema INSTANCE = load();
    }

    private EventSchema(Element root) {
        schemaId = Integer.parseInt(root.getAttribute("id"));
        version = Integer.parseInt(root.getAttribute("version"));
        check("littleEndian".equals(root.getAttribute("byteOrder")), "byteOrder must be littleEndian");
        Map<String, Element> enums = new HashMap<>();
        for (Element types : children(root, "types")) {
            for (Element e : children(types, "enum")) {
                enums.put(e.getAttribute("name"), e);
            }
        }
        List<RecordType> types = new ArrayList<>();
        for (Element message : children(root, "message")) {
            types.add(new MessageReader(this, message, enums).read());
        }
        types.sort(Comparator.comparingInt(RecordType::templateId));
        recordTypes = List.copyOf(types);
        int maxData = 0;
        int maxGroups = 0;
        int maxBlock = 0;
        for (RecordType type : recordTypes) {
            int id = type.templateId();
            check(id >= 1 && id <= 127, type.table() + ": template id must be 1 to 127");
            check(byTemplateId[id] == null, type.table() + ": template id is used twice");
            for (int v = 1; v <= version; v++) {
                check((type.blockLength(v) & 0xFF) != FIRST_BYTE_OF_JSON, type.table() + ": block length must not begin like JSON");
            }
            byTemplateId[id] = type;
            byTable.put(type.table(), type);
            maxData = Math.max(maxData, type.data().length);
            maxGroups = Math.max(maxGroups, type.groups().length);
            maxBlock = Math.max(maxBlock, type.blockLength());
        }
        maxDataCount = maxData;
        maxGroupCount = maxGroups;
        maxBlockLength = maxBlock;
    }

    /** The schema of this build. */
    public static EventSchema get() {
        return Holder.INSTANCE;
    }

    /**
     * Reads a schema file.
     *
     * @throws IOException if it cannot be read as XML
     * @throws IllegalArgumentException if it holds what this class does not support
     */
    static EventSchema parse(InputStream in) throws IOException {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            factory.setNamespaceAware(true);
            return new EventSchema(factory.newDocumentBuilder().parse(in).getDocumentElement());
        } catch (ParserConfigurationException | SAXException e) {
            throw new IOException("event schema is not readable: " + e.getMessage(), e);
        }
    }

    /** SBE schema id. */
    public int schemaId() {
        return schemaId;
    }

    /** Version that this build writes. */
    public int version() {
        return version;
    }

    /** All records, by template id. */
    public List<RecordType> recordTypes() {
        return recordTypes;
    }

    /** The record of that table, or null. */
    public RecordType findTable(String table) {
        return byTable.get(table);
    }

    /**
     * The record of that table.
     *
     * @throws IllegalArgumentException if there is none
     */
    public RecordType table(String table) {
        RecordType type = byTable.get(table);
        if (type == null) {
            throw new IllegalArgumentException("no table " + table + "; there are " + tables());
        }
        return type;
    }

    /** All table names, by template id. */
    public Collection<String> tables() {
        return recordTypes.stream().map(RecordType::table).toList();
    }

    /** The record with that template id, which is also its key code, or null. */
    public RecordType findTemplate(int templateId) {
        return templateId >= 0 && templateId < byTemplateId.length ? byTemplateId[templateId] : null;
    }

    int maxDataCount() {
        return maxDataCount;
    }

    int maxGroupCount() {
        return maxGroupCount;
    }

    int maxBlockLength() {
        return maxBlockLength;
    }

    private static EventSchema load() {
        try (InputStream in = EventSchema.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("resource " + RESOURCE + " is missing beside " + EventSchema.class.getName());
            }
            return parse(in);
        } catch (IOException e) {
            throw new IllegalStateException("resource " + RESOURCE + " is not readable", e);
        }
    }

    private static List<Element> children(Element parent, String localName) {
        List<Element> found = new ArrayList<>();
        for (Node n = parent.getFirstChild(); n != null; n = n.getNextSibling()) {
            if (n instanceof Element e && localName.equals(e.getLocalName())) {
                found.add(e);
            }
        }
        return found;
    }

    private static void check(boolean condition, String message) {
        if (!condition) {
            throw new IllegalArgumentException("event schema: " + message);
        }
    }

    static String snakeCase(String camelCase) {
        StringBuilder out = new StringBuilder(camelCase.length() + 8);
        for (int i = 0; i < camelCase.length(); i++) {
            char c = camelCase.charAt(i);
            if (Character.isUpperCase(c)) {
                if (i > 0) {
                    out.append('_');
                }
                out.append(Character.toLowerCase(c));
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }

    /** Reads one message element. */
    private static final class MessageReader {
        private final EventSchema schema;
        private final Element message;
        private final Map<String, Element> enums;
        private final String messageName;
        private final String table;
        private final List<Draft> drafts = new ArrayList<>();
        private int blockLength;
        private int dataCount;
        private int groupCount;

        /** A field before its column index is known. */
        private record Draft(Element element, String name, int id, Field.Kind kind, int place, int since) {
        }

        MessageReader(EventSchema schema, Element message, Map<String, Element> enums) {
            this.schema = schema;
            this.message = message;
            this.enums = enums;
            this.messageName = message.getAttribute("name");
            this.table = snakeCase(messageName);
        }

        RecordType read() {
            for (Element e : children(message, "field")) {
                Field.Kind kind = fixedKind(e);
                add(e, kind, blockLength);
                blockLength += switch (kind) {
                    case LONG, DOUBLE -> Long.BYTES;
                    case INT -> Integer.BYTES;
                    default -> 1;
                };
            }
            for (Element e : children(message, "group")) {
                List<String> parts = children(e, "field").stream()
                        .map(f -> f.getAttribute("name") + ":" + f.getAttribute("type")).toList();
                check(parts.equals(List.of("price:double", "volume:double")), table + ": a group must hold price and volume");
                check(since(e) <= 1, table + ": a group cannot be added to an existing message");
                add(e, Field.Kind.LEVELS, groupCount++);
            }
            for (Element e : children(message, "data")) {
                String type = e.getAttribute("type");
                check(REQUIRED_TEXT.equals(type) || OPTIONAL_TEXT.equals(type), table + ": data of unknown type " + type);
                add(e, Field.Kind.STRING, dataCount++);
            }
            return build();
        }

        private RecordType build() {
            List<Draft> ordered = new ArrayList<>(drafts);
            ordered.sort(Comparator.comparingInt(Draft::id));
            List<Field> fields = new ArrayList<>();
            Set<String> names = new HashSet<>();
            Field[] fixed = new Field[drafts.size() - groupCount - dataCount];
            Field[] groups = new Field[groupCount];
            Field[] data = new Field[dataCount];
            Map<Draft, Field> made = new HashMap<>();
            for (Draft d : ordered) {
                check(names.add(d.name()), table + ": two columns are named " + d.name());
                check(fields.isEmpty() || fields.get(fields.size() - 1).id() < d.id(), table + ": id " + d.id() + " is used twice");
                Field field = field(d, fields.size());
                fields.add(field);
                made.put(d, field);
            }
            int f = 0;
            for (Draft d : drafts) {
                Field field = made.get(d);
                switch (d.kind()) {
                    case STRING -> data[d.place()] = field;
                    case LEVELS -> groups[d.place()] = field;
                    default -> fixed[f++] = field;
                }
            }
            checkCommon(fixed, data);
            check(fields.size() <= Long.SIZE, table + ": more than 64 columns");
            return new RecordType(schema, table, messageName, Integer.parseInt(message.getAttribute("id")),
                    message.getAttribute("description"), fields, fixed, data, groups, blockLength);
        }

        private void checkCommon(Field[] fixed, Field[] data) {
            check(fixed.length >= 3 && data.length >= 2
                    && fixed[0].name().equals("event_time") && fixed[1].name().equals("sequence")
                    && fixed[2].name().equals("trading_day") && data[0].name().equals("instrument")
                    && data[1].name().equals("source"), table + ": the common fields must come first");
            checkAppended(fixed);
            checkAppended(data);
        }

        private void checkAppended(Field[] inOrder) {
            for (int i = 0; i < inOrder.length; i++) {
                check(inOrder[i].sinceVersion() <= 1 || inOrder[i].nullable(), table + ": an appended field must be optional");
                check(inOrder[i].sinceVersion() <= schema.version, table + ": a field is newer than the schema");
                check(i == 0 || inOrder[i - 1].sinceVersion() <= inOrder[i].sinceVersion(), table + ": new fields go to the end");
            }
        }

        private void add(Element e, Field.Kind kind, int place) {
            String override = e.getAttribute("semanticType");
            String name = override.isEmpty() ? snakeCase(e.getAttribute("name")) : override;
            drafts.add(new Draft(e, name, Integer.parseInt(e.getAttribute("id")), kind, place, since(e)));
        }

        private Field field(Draft d, int index) {
            boolean nullable = "optional".equals(d.element().getAttribute("presence"))
                    || OPTIONAL_TEXT.equals(d.element().getAttribute("type"));
            String[] byCode = new String[0];
            Map<String, Integer> codes = new HashMap<>();
            String enumType = null;
            if (d.kind() == Field.Kind.ENUM) {
                enumType = d.element().getAttribute("type");
                for (Element value : children(enums.get(enumType), "validValue")) {
                    codes.put(value.getAttribute("name"), Integer.parseInt(value.getTextContent().trim()));
                }
                byCode = new String[codes.values().stream().mapToInt(Integer::intValue).max().orElse(-1) + 1];
                for (Map.Entry<String, Integer> code : codes.entrySet()) {
                    byCode[code.getValue()] = code.getKey();
                }
            }
            return new Field(d.name(), d.id(), index, d.kind(), nullable, d.since(), d.element().getAttribute("description"),
                    d.place(), enumType, byCode, Map.copyOf(codes));
        }

        private Field.Kind fixedKind(Element e) {
            String type = e.getAttribute("type");
            return switch (type) {
                case "int64" -> Field.Kind.LONG;
                case "int32" -> Field.Kind.INT;
                case "double" -> Field.Kind.DOUBLE;
                default -> {
                    check(enums.containsKey(type), table + ": type " + type + " is not supported");
                    yield Field.Kind.ENUM;
                }
            };
        }

        private static int since(Element e) {
            String since = e.getAttribute("sinceVersion");
            return since.isEmpty() ? 1 : Integer.parseInt(since);
        }
    }
}
