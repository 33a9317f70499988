package io.qaexchange.parquet;

import io.qaexchange.events.EventBuilder;
import io.qaexchange.events.Field;
import io.qaexchange.events.RecordType;
import io.qaexchange.parquet.column.ParquetTable;
import org.apache.parquet.column.Dictionary;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.MessageType;

/** Makes an {@link ArchivedEvent} of each row, by setting the fields of an event builder. One thread; one event object is reused. */
final class ArchivedEventMaterializer extends RecordMaterializer<ArchivedEvent> {

    private final ArchivedEvent row = new ArchivedEvent();
    private final GroupConverter root;

    ArchivedEventMaterializer(RecordType type, MessageType schema) {
        EventBuilder builder = new EventBuilder();
        Converter[] converters = new Converter[schema.getFieldCount()];
        for (int i = 0; i < converters.length; i++) {
            converters[i] = converter(type, schema.getFieldName(i), builder);
        }
        root = new GroupConverter() {
            @Override
            public Converter getConverter(int fieldIndex) {
                return converters[fieldIndex];
            }

            @Override
            public void start() {
                builder.start(type);
            }

            @Override
            public void end() {
                row.wrap(builder.build());
            }
        };
    }

    @Override
    public ArchivedEvent getCurrentRecord() {
        return row;
    }

    @Override
    public GroupConverter getRootConverter() {
        return root;
    }

    private Converter converter(RecordType type, String column, EventBuilder builder) {
        switch (column) {
            case ParquetTable.EVENT_TIME_US:
                return new PrimitiveConverter() {
                    @Override
                    public void addLong(long value) {
                        // Derived from event_time.
                    }
                };
            case ParquetTable.INGEST_TIME:
                return new PrimitiveConverter() {
                    @Override
                    public void addLong(long value) {
                        row.ingestTimeNs = value;
                    }
                };
            case ParquetTable.KAFKA_OFFSET:
                return new PrimitiveConverter() {
                    @Override
                    public void addLong(long value) {
                        row.offset = value;
                    }
                };
            case ParquetTable.KAFKA_PARTITION:
                return new PrimitiveConverter() {
                    @Override
                    public void addInt(int value) {
                        row.partition = value;
                    }
                };
            case ParquetTable.KAFKA_TOPIC:
                return new TextConverter() {
                    @Override
                    void set(Binary text) {
                        row.topic = text.toStringUsingUTF8();
                    }
                };
            default:
                Field field = type.field(column);
                return field.kind() == Field.Kind.LEVELS ? levels(field, builder) : scalar(field, builder);
        }
    }

    private static Converter scalar(Field field, EventBuilder builder) {
        return switch (field.kind()) {
            case STRING -> new TextConverter() {
                @Override
                void set(Binary text) {
                    byte[] utf8 = text.getBytesUnsafe();
                    builder.set(field, utf8, 0, utf8.length);
                }
            };
            case ENUM -> new TextConverter() {
                @Override
                void set(Binary text) {
                    builder.set(field, text.toStringUsingUTF8());
                }
            };
            default -> new PrimitiveConverter() {
                @Override
                public void addLong(long value) {
                    builder.set(field, value);
                }

                @Override
                public void addInt(int value) {
                    builder.set(field, value);
                }

                @Override
                public void addDouble(double value) {
                    builder.set(field, value);
                }
            };
        };
    }

    private static Converter levels(Field field, EventBuilder builder) {
        double[] level = new double[2];
        Converter[] numbers = new Converter[level.length];
        for (int i = 0; i < numbers.length; i++) {
            int at = i;
            numbers[i] = new PrimitiveConverter() {
                @Override
                public void addDouble(double value) {
                    level[at] = value;
                }
            };
        }
        GroupConverter element = new Group(numbers) {
            @Override
            public void end() {
                builder.addLevel(field, level[0], level[1]);
            }
        };
        return new Group(new Group(element));
    }

    private static class Group extends GroupConverter {
        private final Converter[] converters;

        Group(Converter... converters) {
            this.converters = converters;
        }

        @Override
        public Converter getConverter(int fieldIndex) {
            return converters[fieldIndex];
        }

        @Override
        public void start() {
            // The parent begins with the row.
        }

        @Override
        public void end() {
            // Most groups end without a trace.
        }
    }

    private abstract static class TextConverter extends PrimitiveConverter {
        private Binary[] dictionary;

        abstract void set(Binary text);

        @Override
        public boolean hasDictionarySupport() {
            return true;
        }

        @Override
        public void setDictionary(Dictionary source) {
            dictionary = new Binary[source.getMaxId() + 1];
            for (int id = 0; id < dictionary.length; id++) {
                dictionary[id] = source.decodeToBinary(id);
            }
        }

        @Override
        public void addValueFromDictionary(int id) {
            set(dictionary[id]);
        }

        @Override
        public void addBinary(Binary value) {
            set(value);
        }
    }
}
