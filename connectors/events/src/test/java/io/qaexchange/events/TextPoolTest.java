package io.qaexchange.events;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class TextPoolTest {

    @Test
    void givesTheSameStringForTheSameBytes() {
        TextPool pool = new TextPool(16);
        byte[] bytes = "xSHFE.rb2605y".getBytes(StandardCharsets.UTF_8);

        String first = pool.get(bytes, 1, 11);

        assertThat(first).isEqualTo("SHFE.rb2605");
        assertThat(pool.get("SHFE.rb2605".getBytes(StandardCharsets.UTF_8), 0, 11)).isSameAs(first);
    }

    @Test
    void isNotDisturbedByBytesThatChangeLater() {
        TextPool pool = new TextPool(2);
        byte[] bytes = "AMZN".getBytes(StandardCharsets.UTF_8);
        pool.get(bytes, 0, 4);
        bytes[0] = 'B';

        assertThat(pool.get(bytes, 0, 4)).isEqualTo("BMZN");
        assertThat(pool.get("AMZN".getBytes(StandardCharsets.UTF_8), 0, 4)).isEqualTo("AMZN");
    }

    @Test
    void refusesASizeThatIsNoPowerOfTwo() {
        assertThatIllegalArgumentException().isThrownBy(() -> new TextPool(12)).withMessageContaining("12");
    }

    /** Two places for many texts: most are thrown out by others. */
    @Property
    void givesTheTextWhateverElseWasAskedFor(@ForAll String[] texts) {
        TextPool pool = new TextPool(2);
        for (String text : texts) {
            byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
            assertThat(pool.get(utf8, 0, utf8.length)).isEqualTo(new String(utf8, StandardCharsets.UTF_8));
        }
    }
}
