package io.qaexchange.job.query.typed;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.time.temporal.ChronoField;
import java.util.Locale;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class TimeTextProperties {

    private static final DateTimeFormatter TIME = new DateTimeFormatterBuilder().appendPattern("yyyy-MM-dd HH:mm:ss")
            .appendFraction(ChronoField.NANO_OF_SECOND, 0, 9, true).appendLiteral("+00").toFormatter(Locale.ROOT).withZone(ZoneOffset.UTC);

    @Property(tries = 5_000)
    void isWhatAFormatterOfTheLibraryWrites(@ForAll long ns, @ForAll @IntRange(min = 0, max = 9) int zeros) {
        long unit = (long) Math.pow(10, zeros);
        long rounded = ns / unit * unit;
        assertThat(TimeText.of(rounded)).isEqualTo(TIME.format(Instant.ofEpochSecond(0, rounded)));
    }

    @Example
    void isAsDuckDbWritesIt() {
        assertThat(TimeText.of(1_767_575_000_123_456_000L)).isEqualTo("2026-01-05 01:03:20.123456+00");
        assertThat(TimeText.of(1_767_575_000_000_000_000L)).isEqualTo("2026-01-05 01:03:20+00");
        assertThat(TimeText.of(-1)).isEqualTo("1969-12-31 23:59:59.999999999+00");
    }
}
