package io.qaexchange.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.description.HtmlFormatter;
import org.junit.jupiter.api.Test;

/** The page of options says what the code says. */
class StateOptionsPageTest {
    private static final Path PAGE = Path.of("../../docs/state-backend.md");

    @Test
    void pageHasEveryOptionWithItsDefaultAndDescription() throws Exception {
        List<String> rows = new ArrayList<>();
        for (Field field : LsmStateOptions.class.getDeclaredFields()) {
            if (ConfigOption.class.isAssignableFrom(field.getType())) {
                ConfigOption<?> option = (ConfigOption<?>) field.get(null);
                String byDefault = option.hasDefaultValue() ? String.valueOf(option.defaultValue()) : "none";
                rows.add("| `" + option.key() + "` | " + byDefault + " | " + new HtmlFormatter().format(option.description()) + " |");
            }
        }
        assertThat(rows).isNotEmpty();
        List<String> page = Files.readAllLines(PAGE).stream().filter(line -> line.startsWith("| `state.backend.lsm.")).toList();
        assertThat(page).isEqualTo(rows);
    }
}
