package io.qaexchange.events;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A kind of event: a message of the schema, a table, a set of columns. Made by {@link EventSchema} only; immutable.
 */
public final class RecordType {

    private final EventSchema schema;
    private final String table;
    private final String messageName;
    private final int templateId;
    private final String description;
    private final List<Field> fields;
    private final Map<String, Field> fieldsByName = new HashMap<>();
    private final Field[] fixed;
    private final Field[] data;
    private final Field[] groups;
    private final int blockLength;
    private final Field account;

    RecordType(EventSchema schema, String table, String messageName, int templateId, String description, List<Field> fields,
            Field[] fixed, Field[] data, Field[] groups, int blockLength) {
        this.schema = schema;
        this.table = table;
        this.messageName = messageName;
        this.templateId = templateId;
        this.description = description;
        this.fields = List.copyOf(fields);
        this.fixed = fixed;
        this.data = data;
        this.groups = groups;
        this.blockLength = blockLength;
        for (Field field : fields) {
            field.setRecordType(this);
            fieldsByName.put(field.name(), field);
        }
        this.account = fieldsByName.get("account");
    }

    /** Table name, {@code type} in JSON: {@code order_insert}. */
    public String table() {
        return table;
    }

    /** Name of the message in the schema file: {@code OrderInsert}. */
    public String messageName() {
        return messageName;
    }

    /** Template id of the SBE message. */
    public int templateId() {
        return templateId;
    }

    /** First byte of a stored key, 1 to 127; equals the template id, stable for ever. */
    public int code() {
        return templateId;
    }

    public String description() {
        return description;
    }

    /** All columns in their order: the five common ones ({@link Field#isCommon()}), then the others. */
    public List<Field> fields() {
        return fields;
    }

    /**
     * The column of that name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public Field field(String name) {
        Field field = fieldsByName.get(name);
        if (field == null) {
            throw new IllegalArgumentException("table " + table + " has no column " + name + "; it has " + fieldsByName.keySet());
        }
        return field;
    }

    /** The column of that name, or null. */
    public Field findField(String name) {
        return fieldsByName.get(name);
    }

    public boolean hasField(String name) {
        return fieldsByName.containsKey(name);
    }

    public Field eventTime() {
        return fixed[0];
    }

    public Field sequence() {
        return fixed[1];
    }

    public Field tradingDay() {
        return fixed[2];
    }

    public Field instrument() {
        return data[0];
    }

    public Field source() {
        return data[1];
    }

    /** The column {@code account}, or null if this record has none. */
    public Field account() {
        return account;
    }

    /** Whether an event of this type must name an instrument; one that need not must name an account. */
    public boolean requiresInstrument() {
        return !instrument().nullable();
    }

    public EventSchema schema() {
        return schema;
    }

    /** Bytes of the fixed block in this schema's version. */
    int blockLength() {
        return blockLength;
    }

    /** Bytes of the fixed block as version {@code version} wrote it. */
    int blockLength(int version) {
        if (version >= schema.version()) {
            return blockLength;
        }
        int length = 0;
        for (Field field : fixed) {
            if (field.sinceVersion() <= version) {
                length = field.place() + field.fixedLength();
            }
        }
        return length;
    }

    /** Number of text fields that version {@code version} wrote. */
    int dataCount(int version) {
        int count = data.length;
        while (count > 0 && data[count - 1].sinceVersion() > version) {
            count--;
        }
        return count;
    }

    /** Fields of the fixed block, in its order. Not to be changed. */
    Field[] fixed() {
        return fixed;
    }

    /** Text fields, in their order in the message. Not to be changed. */
    Field[] data() {
        return data;
    }

    /** Groups of levels, in their order in the message. Not to be changed. */
    Field[] groups() {
        return groups;
    }

    @Override
    public String toString() {
        return table;
    }
}
