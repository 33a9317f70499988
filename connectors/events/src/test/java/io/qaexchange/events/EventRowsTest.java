package io.qaexchange.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.qaexchange.events.generator.EventGenerator;
import io.qaexchange.events.generator.GeneratedMessage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventRowsTest {

    private static final int MESSAGES = 5_000;

    @Test
    void columnsHaveWhatTheViewReadsFieldByField() {
        Map<RecordType, List<byte[]>> tables = generated();
        assertThat(tables).hasSizeGreaterThan(10);
        tables.forEach((type, values) -> {
            EventRows rows = new EventRows(type, values.size());
            // Earlier values must not shine through.
            rows.add(new StoredEvent().wrap(values.get(values.size() - 1)));
            rows.clear();
            values.forEach(value -> rows.add(new StoredEvent().wrap(value)));
            assertThat(rows.isFull()).isTrue();
            type.fields().forEach(field -> assertColumn(rows, field, values));
        });
    }

    @Test
    void refusesEventsOfAnotherTypeAndMoreThanThereIsRoomFor() {
        List<byte[]> ticks = generated().get(EventSchema.get().table("tick"));
        StoredEvent tick = new StoredEvent().wrap(ticks.get(0));

        assertThatThrownBy(() -> new EventRows(EventSchema.get().table("trade"), 1).add(tick)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("tick among rows of trade");
        EventRows one = new EventRows(EventSchema.get().table("tick"), 1);
        one.add(tick);
        assertThatThrownBy(() -> one.add(tick)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> one.getLongs(EventSchema.get().table("trade").eventTime(), new long[1]))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static void assertColumn(EventRows rows, Field field, List<byte[]> values) {
        StoredEvent stored = new StoredEvent();
        long[] numbers = new long[values.size()];
        int[] codes = new int[values.size()];
        switch (field.kind()) {
            case LONG -> rows.getLongs(field, numbers);
            case INT -> rows.getInts(field, numbers);
            case DOUBLE -> rows.getDoubleBits(field, numbers);
            case ENUM -> rows.getEnumCodes(field, codes);
            default -> { }
        }
        for (int row = 0; row < values.size(); row++) {
            EventView event = stored.wrap(values.get(row)).event();
            switch (field.kind()) {
                case LONG -> assertThat(numbers[row]).isEqualTo(event.getLong(field));
                case INT -> assertThat(numbers[row]).isEqualTo(event.getInt(field));
                case DOUBLE -> assertThat(Double.valueOf(Double.longBitsToDouble(numbers[row]))).isEqualTo(Double.valueOf(event.getDouble(field)));
                case ENUM -> assertThat(codes[row]).isEqualTo(event.getEnumCode(field));
                case STRING -> {
                    assertThat(rows.array(row)).isSameAs(values.get(row));
                    assertThat(rows.textOffsets(field)[row]).isEqualTo(event.textOffset(field));
                    assertThat(rows.textLengths(field)[row]).isEqualTo(event.textLength(field));
                }
                case LEVELS -> {
                    assertThat(rows.levelCount(field, row)).isEqualTo(event.levelCount(field));
                    for (int level = 0; level < event.levelCount(field); level++) {
                        assertThat(rows.levelPrice(field, row, level)).isEqualTo(event.levelPrice(field, level));
                        assertThat(rows.levelVolume(field, row, level)).isEqualTo(event.levelVolume(field, level));
                    }
                }
                default -> throw new AssertionError(field.kind());
            }
        }
    }

    private static Map<RecordType, List<byte[]>> generated() {
        Map<RecordType, List<byte[]>> tables = new HashMap<>();
        EventGenerator generator = new EventGenerator(5, MESSAGES);
        EventView view = new EventView();
        while (generator.hasNext()) {
            GeneratedMessage message = generator.next();
            if (message.fate().isStored()) {
                byte[] event = message.event().clone();
                tables.computeIfAbsent(view.wrap(event).recordType(), type -> new ArrayList<>())
                        .add(StoredEvent.encode(event, new Arrival(1, "topic", 3, 4)));
            }
        }
        return tables;
    }
}
