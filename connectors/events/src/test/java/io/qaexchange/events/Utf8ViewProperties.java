package io.qaexchange.events;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/** Texts in place beside the Strings that they are. */
class Utf8ViewProperties {

    private final Utf8View view = new Utf8View();

    @Provide
    Arbitrary<String> texts() {
        Arbitrary<String> alike = Arbitraries.strings().withChars("aA1螺\u00e9").ofMaxLength(4);
        Arbitrary<String> any = Arbitraries.integers().between(1, 0xFFFF).filter(code -> !Character.isSurrogate((char) code.intValue()))
                .map(code -> String.valueOf((char) code.intValue())).list().ofMaxSize(40).map(chars -> String.join("", chars));
        return Arbitraries.oneOf(alike, any);
    }

    @Property
    void isTheStringThatItsBytesAre(@ForAll("texts") String text, @ForAll("texts") String other, @ForAll @IntRange(max = 9) int before) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        byte[] bytes = new byte[before + utf8.length + 3];
        System.arraycopy(utf8, 0, bytes, before, utf8.length);

        view.wrap(bytes, before, utf8.length);

        assertThat(view.toString()).isEqualTo(text);
        assertThat(view.textHash()).isEqualTo(text.hashCode());
        assertThat(view.isEmpty()).isEqualTo(text.isEmpty());
        assertThat(view.is(text)).isTrue();
        assertThat(view.is(other)).isEqualTo(text.equals(other));
    }

    @Example
    void aViewThatWasMovedIsTheNewText() {
        view.wrap("螺纹".getBytes(StandardCharsets.UTF_8), 0, 6).wrap(new byte[] {'r', 'b'}, 0, 2);

        assertThat(view.is("rb")).isTrue();
        assertThat(view.is("螺纹")).isFalse();
        assertThat(view).hasToString("rb");
    }

    @Example
    void beforeTheFirstTextItIsEmpty() {
        assertThat(view.isEmpty()).isTrue();
        assertThat(view.is("")).isTrue();
        assertThat(view.textHash()).isZero();
        assertThat(view).hasToString("");
    }
}
