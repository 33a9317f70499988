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

/** The page of options says what the code says. {@code -Dtest.rewrite=true} writes its table again. */
class StateOptionsPageTest {
    private static final Path PAGE = Path.of("../../docs/options.md");
    private static final String ROW = "| `state.backend.lsm.";

    @Test
    void pageHasEveryOptionWithItsDefaultAndDescription() throws Exception {
        List<String> rows = new ArrayList<>();
        for (Field field : LsmStateOptions.class.getDeclaredFields()) {
            if (ConfigOption.class.isAssignableFrom(field.getType())) {
                ConfigOption<?> option = (ConfigOption<?>) field.get(null);
                assertThat(option.key()).startsWith(LsmStateOptions.PREFIX);
                assertThat(LsmStateOptions.ALL).contains(option);
                String byDefault = option.hasDefaultValue() ? String.valueOf(option.defaultValue()) : "none";
                rows.add("| `" + option.key() + "` | " + byDefault + " | " + new HtmlFormatter().format(option.description()) + " |");
            }
        }
        assertThat(rows).isNotEmpty();
        List<String> page = Files.readAllLines(PAGE);
        if (Boolean.getBoolean("test.rewrite")) {
            List<String> written = new ArrayList<>(page.stream().filter(line -> !line.startsWith(ROW)).toList());
            written.addAll(written.indexOf("|---|---|---|") + 1, rows);
            Files.write(PAGE, written);
            return;
        }
        assertThat(page.stream().filter(line -> line.startsWith(ROW)).toList()).as("table in %s; -Dtest.rewrite=true writes it again", PAGE)
                .isEqualTo(rows);
    }

    /** A reader who looks for an option of RocksDB, or for the page itself, finds the way. */
    @Test
    void pageOfTheStateBackendNamesThePage() throws Exception {
        assertThat(Files.readString(Path.of("../../docs/state-backend.md"))).contains("(options.md)");
    }
}
