package io.qaexchange.job.stream.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import io.qaexchange.events.Utf8View;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

/** The table beside a hash map. */
class TextTableProperties {

    private static final class Entry extends TextTable.Entry {
        Entry(String id) {
            super(id);
        }
    }

    /** Few texts that come and go, so that entries move to places that became free; "Aa" and "BB" have one hash. */
    @Property
    void holdsWhatAHashMapHolds(@ForAll @Size(max = 200) List<@IntRange(max = 63) Integer> steps) {
        TextTable<Entry> table = new TextTable<>();
        Map<String, Entry> model = new HashMap<>();
        Utf8View view = new Utf8View();
        for (int step : steps) {
            String id = text(step);
            byte[] utf8 = id.getBytes(StandardCharsets.UTF_8);
            assertThat(table.get(id)).isSameAs(model.get(id));
            assertThat(table.get(view.wrap(utf8, 0, utf8.length))).isSameAs(model.get(id));
            Entry present = model.remove(id);
            if (present != null) {
                table.remove(present);
            } else {
                Entry added = new Entry(id);
                model.put(id, added);
                table.add(added);
            }
            assertThat(table.size()).isEqualTo(model.size());
        }
        assertThat(table.entries()).containsExactlyInAnyOrderElementsOf(model.values());
        for (int i = 0; i < 64; i++) {
            assertThat(table.get(text(i))).isSameAs(model.get(text(i)));
        }
        table.clear();
        assertThat(table.size()).isZero();
        assertThat(table.entries()).isEmpty();
    }

    private static String text(int number) {
        StringBuilder text = new StringBuilder(number % 2 == 0 ? "" : "螺");
        for (int bit = 1; bit < 6; bit++) {
            text.append((number >> bit & 1) == 0 ? "Aa" : "BB");
        }
        return text.toString();
    }
}
