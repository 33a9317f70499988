package io.qaexchange.events;

import java.util.List;
import java.util.Random;

/** Events of every record type with every kind of value, from a seed; for the tests of other modules too. */
public final class RandomEvents {

    private static final String LETTERS = "abzAZ019._-@{}\"\\\n\t é€語𝄞\u0000\u007f";

    private RandomEvents() {
    }

    public static byte[] event(EventSchema schema, Random random) {
        List<RecordType> types = schema.recordTypes();
        return event(schema, types.get(random.nextInt(types.size())), random);
    }

    public static byte[] event(EventSchema schema, RecordType type, Random random) {
        EventBuilder builder = new EventBuilder(schema).start(type);
        for (Field field : type.fields()) {
            boolean setAnyway = !field.nullable() || field == type.account() && !type.requiresInstrument();
            if (setAnyway || random.nextBoolean()) {
                set(builder, field, random);
            }
        }
        return builder.build();
    }

    private static void set(EventBuilder builder, Field field, Random random) {
        RecordType type = field.recordType();
        if (field == type.eventTime()) {
            builder.set(field, random.nextLong() & Long.MAX_VALUE);
        } else if (field == type.tradingDay()) {
            builder.set(field, random.nextBoolean() ? 0 : 20260101 + random.nextInt(28));
        } else if (field == type.instrument()) {
            builder.set(field, "i" + text(random, 254));
        } else {
            switch (field.kind()) {
                case LONG -> builder.set(field, Math.max(random.nextLong(), Long.MIN_VALUE + 1));
                case INT -> builder.set(field, Math.max(random.nextInt(), Integer.MIN_VALUE + 1));
                case DOUBLE -> builder.set(field, number(random));
                case STRING -> builder.set(field, "x" + text(random, 254));
                case ENUM -> builder.set(field, field.enumNames().get(random.nextInt(field.enumNames().size())));
                case LEVELS -> {
                    for (int i = random.nextInt(200); i > 0; i--) {
                        builder.addLevel(field, number(random), number(random));
                    }
                }
            }
        }
    }

    private static double number(Random random) {
        return switch (random.nextInt(4)) {
            case 0 -> random.nextInt(100_000) / 100.0;
            case 1 -> -0.0;
            case 2 -> Double.MIN_VALUE * random.nextInt(3);
            default -> {
                double any = Double.longBitsToDouble(random.nextLong());
                yield Double.isFinite(any) ? any : Double.MAX_VALUE;
            }
        };
    }

    private static String text(Random random, int maxBytes) {
        StringBuilder out = new StringBuilder();
        int[] letters = LETTERS.codePoints().toArray();
        int budget = random.nextInt(8) == 0 ? maxBytes : random.nextInt(20);
        while (true) {
            String letter = Character.toString(letters[random.nextInt(letters.length)]);
            int size = letter.getBytes(java.nio.charset.StandardCharsets.UTF_8).length;
            if (size > budget) {
                return out.toString();
            }
            budget -= size;
            out.append(letter);
        }
    }
}
