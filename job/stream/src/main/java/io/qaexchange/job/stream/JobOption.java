package io.qaexchange.job.stream;

import io.qaexchange.job.model.UsageException;
import java.time.Duration;
import java.util.List;
import java.util.function.Function;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.util.TimeUtils;

/**
 * An option of the job: the same name on the command line ({@code --name value}) and in the YAML file ({@code name: value}).
 *
 * @param name in kebab case
 * @param defaultText the default as it would be written; null if the option must be given or is not set
 * @param unit what a value looks like, for help
 * @param description what it does
 * @param parser reads a value; throws IllegalArgumentException
 */
public record JobOption<T>(String name, String defaultText, String unit, String description, Function<String, T> parser) {

    /** Reads a value. */
    public T parse(String text, String where) {
        try {
            return parser.apply(text.strip());
        } catch (IllegalArgumentException e) {
            throw new UsageException(where + ": " + name + ": \"" + text + "\" is not " + unit + " (" + e.getMessage() + ")", e);
        }
    }

    static JobOption<String> text(String name, String defaultText, String unit, String description) {
        return new JobOption<>(name, defaultText, unit, description, Function.identity());
    }

    static JobOption<List<String>> list(String name, String defaultText, String unit, String description) {
        return new JobOption<>(name, defaultText, unit, description,
                text -> List.of(text.split(",")).stream().map(String::strip).filter(part -> !part.isEmpty()).toList());
    }

    static JobOption<Duration> duration(String name, String defaultText, String description) {
        return new JobOption<>(name, defaultText, "a duration such as 500 ms, 10 s, 5 min, 1 h, 1 d", description,
                TimeUtils::parseDuration);
    }

    static JobOption<Long> size(String name, String defaultText, String description) {
        return new JobOption<>(name, defaultText, "a size such as 16 mb", description, MemorySize::parseBytes);
    }

    static JobOption<Integer> number(String name, String defaultText, int lowest, String description) {
        return new JobOption<>(name, defaultText, "a whole number of at least " + lowest, description, text -> {
            int number = Integer.parseInt(text);
            if (number < lowest) {
                throw new IllegalArgumentException("below the minimum");
            }
            return number;
        });
    }

    static JobOption<Boolean> flag(String name, String defaultText, String description) {
        return new JobOption<>(name, defaultText, "true or false", description, text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("neither true nor false");
        });
    }

    static <E extends Enum<E>> JobOption<E> choice(String name, String defaultText, Class<E> type, String description) {
        List<String> names = List.of(type.getEnumConstants()).stream().map(e -> e.name().toLowerCase(java.util.Locale.ROOT)).toList();
        return new JobOption<>(name, defaultText, "one of " + String.join(", ", names), description, text -> {
            int index = names.indexOf(text.toLowerCase(java.util.Locale.ROOT));
            if (index < 0) {
                throw new IllegalArgumentException("unknown value");
            }
            return type.getEnumConstants()[index];
        });
    }
}
